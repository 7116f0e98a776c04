import Foundation
import TestSupport
import Testing

/// What an owner may set and what the programs read are one list.
@Suite struct SettingsTests {
    /// Read, and nothing for an owner to set.
    private static let ours: Set = [
        // The shell's own.
        "PATH",
        // Where a test or the demo plays Polar and Gemini.
        "POLAR_API_URL", "GEMINI_API_URL",
        // For whoever works on templates, and for whoever measures the group commit.
        "CREDITS_SOURCES", "COMMIT_GROUP",
    ]

    /// Read by `deploy/installing` alone, for nginx.
    private static let deployments: Set = [
        "CREDITS_HTTP_PORT", "CREDITS_TLS_CERTIFICATE", "CREDITS_TLS_KEY", "CREDITS_TRUSTED_PROXIES",
    ]

    private static let read: Set<String> = {
        let readers =
            /[^A-Za-z](optional|optionalSecret|text|secrets?|headerSecret|integer|choice|address|exactAddress|identifier|modelName|cookieName)\(\s*"([A-Z][A-Z0-9_]+)"/
        let names = SourceTree.sources.filter { !["FastCGI", "polar-simulator"].contains($0.target) }.flatMap { file in
            file.lines.map(SourceFile.withoutComment).joined(separator: "\n").matches(of: readers)
                .map { String($0.output.2) }
        }
        return Set(names)
    }()

    /// `NAME=…`, whether in force or not, and the secrets, which stand in files of their own.
    private static func shown() throws -> Set<String> {
        let file = try #require(SourceTree.texts.first { $0.path == "deploy/settings.example.env" })
        return Set(
            file.lines.compactMap { line in
                line.firstMatch(of: /^(?:# |#   )?([A-Z][A-Z0-9_]+)(?:=|  )/).map { String($0.output.1) }
            })
    }

    @Test func whatIsReadStandsInTheExampleAndTheOtherWayRound() throws {
        let shown = try Self.shown()
        #expect(Self.read.count > 30 && shown.count > 30)
        #expect(Self.read.subtracting(shown).sorted() == Self.ours.sorted())
        #expect(shown.subtracting(Self.read).sorted() == Self.deployments.sorted())
    }
}
