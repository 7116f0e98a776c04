import Foundation
import TestSupport
import Testing

/// The rules of the house that no compiler sees. Each finding names its file and line.
@Suite struct HouseTests {
    private func findings(
        in files: [SourceFile], _ isFound: (SourceFile, String) -> Bool
    ) -> [String] {
        files.flatMap { file in
            file.code.filter { isFound(file, $0.text) }.map { "\(file.path):\($0.number): \($0.text)" }
        }
    }

    @Test func theTreeIsSeen() {
        #expect(SourceTree.sources.count > 80)
        #expect(SourceTree.texts.contains { $0.path == "deploy/stack" })
        #expect(SourceTree.all.flatMap(\.functions).count > 500, "functions are recognised")
    }

    /// The walks and the table of the README, and where things go in CONTRIBUTING.
    @Test func theDocumentsNameWhatIsThere() throws {
        for document in ["README.md", ".github/CONTRIBUTING.md"] {
            let text = try Places.text(of: "\(Places.repository)/\(document)")
            let names = text.matches(of: /`((?:Sources\/|Tests\/|deploy\/)?[A-Z]\w*(?:\/[A-Z][\w+]*)+)`/)
                .map { String($0.output.1) }
            #expect(!names.isEmpty, "\(document) is understood")
            let missing = names.filter { name in
                !["", "Sources/"].contains { root in
                    ["", ".swift"].contains { end in
                        FileManager.default.fileExists(atPath: "\(Places.repository)/\(root)\(name)\(end)")
                    }
                }
            }
            #expect(missing == [], "\(document)")
        }
    }

    @Test func noFileIsLongerThan400Lines() {
        let long = SourceTree.all.filter { $0.lines.count > 401 }.map(\.path)
        #expect(long == [])
    }

    @Test func noFunctionIsLongerThan60Lines() {
        let long = SourceTree.all.flatMap { file in
            file.functions.filter { $0.length > 60 }.map { "\(file.path): \($0.name), \($0.length) lines" }
        }
        #expect(long == [])
    }

    @Test func onlyTheWallSaysUnsafe() {
        let wall = ["Threads", "FastCGI", "SQLite", "Crypto", "HTTPClient", "JOSE", "Files", "Subprocess", "System"]
        let found = findings(in: SourceTree.sources.filter { !wall.contains($0.target) }) { _, line in
            ["unsafe", "Unsafe", "@unchecked", "@safe"].contains { line.contains($0) }
        }
        #expect(found == [])
    }

    @Test func onlySystemKnowsTheClockAndTheEnvironment() {
        let pure = ["Core", "Clients", "Endpoints", "HTTP", "JSON", "Operating", "Pages", "Worker"]
        let found = findings(in: SourceTree.sources.filter { pure.contains($0.target) }) { _, line in
            let words = [
                "Date(", "Date.now", "UUID(", "ProcessInfo", "ContinuousClock", "SuspendingClock", "getenv",
                "clock_gettime",
                "randomElement(", "shuffle", "SystemRandomNumberGenerator", "randomBytes",
            ]
            return words.contains { line.contains($0) }
                || line.contains(".random(") && line.contains(/\b[A-Z]\w*\.random\(/)
        }
        #expect(found == [])
    }

    @Test func noDoubleIsNearMoneyOrCredits() {
        let files = SourceTree.sources.filter { file in
            ["Ledger", "Orders", "Store", "Checkouts", "Settings", "Webhooks", "Database"].contains {
                file.path.hasPrefix("Sources/Core/\($0)/")
            } || ["JSON", "Database", "SQLite", "Clients"].contains(file.target)
        }
        #expect(
            findings(in: files) { _, line in ["Double", "Float", "Decimal("].contains { line.contains($0) } } == [])
    }

    @Test func noSwitchHasADefault() {
        #expect(
            findings(in: SourceTree.sources) { _, line in line.contains("default:") && line.contains(/^\s*default:/) }
                == [])
    }

    @Test func noTestSleeps() {
        let tests = SourceTree.all.filter { $0.path.hasPrefix("Tests/") && $0.target != "TestSupport" }
        #expect(findings(in: tests) { _, line in line.contains("sleep(") } == [])
    }

    @Test func noErrorIsDropped() {
        let found = findings(in: SourceTree.sources) { _, line in
            line.contains("catch") && line.contains(/catch\s*\{\s*(\}|continue)/)
        }
        #expect(found == [])
    }

    @Test func aTodoHasItsReason() {
        let found = SourceTree.texts.filter { $0.path != "Tests/TidyTests/HouseTests.swift" }.flatMap { file in
            file.lines.filter { line in
                ["TODO", "FIXME", "XXX"].contains { line.contains($0) } && !line.contains(/\b(TODO|FIXME): (\S+ ){4,}/)
            }.map { "\(file.path): \($0)" }
        }
        #expect(found == [])
    }

    @Test func noPathOfOneMachineIsNamed() {
        let found = SourceTree.texts.filter { $0.path != "Tests/TidyTests/HouseTests.swift" }.flatMap { file in
            file.lines.filter { $0.contains("/") && $0.contains(/(^|[\s"'=:(])\/(home|root|Users|work)\//) }
                .map { "\(file.path): \($0)" }
        }
        #expect(found == [])
    }

    @Test func noFileIsNamedAfterNothing() {
        let found = SourceTree.all.map(\.path).filter {
            $0.contains(/(Utils?|Helpers?|Common|Manager|Service|Misc)(\/|\.swift|\+)/)
        }
        #expect(found == [])
    }

    @Test func theTopHoldsNothingElse() throws {
        let allowed: Set = [
            "Package.swift", "Package.resolved", "README.md", "nginx.conf", "LICENSE", ".swift-format", ".gitignore",
            ".ci", ".github", "deploy", "Sources", "Tests", ".git",
        ]
        let ignored = try Places.text(of: Places.repository + "/.gitignore").split(separator: "\n")
            .map { $0.trimmingCharacters(in: CharacterSet(charactersIn: "/")) }
        let found = try FileManager.default.contentsOfDirectory(atPath: Places.repository)
        let isIgnored = { (name: String) in
            ignored.contains { $0 == name || $0.hasSuffix("*") && name.hasPrefix($0.dropLast()) }
        }
        #expect(found.filter { !allowed.contains($0) && !isIgnored($0) } == [])
    }
}
