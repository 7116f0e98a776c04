import Foundation
import TestSupport
import Testing

/// With which status a program ends that cannot start: systemd tries again after each but 78.
@Suite struct ExitTests {
    private static let programs = ["checkout", "polar-orders", "generations", "admin", "auth", "generation-worker"]

    private let directory: TemporaryDirectory
    private var database: String { directory.path + "/data/credits.db" }

    init() throws {
        directory = try TemporaryDirectory()
        try Places.write("{\"keys\":[]}", to: directory.path + "/jwks.json")
        try FileManager.default.createDirectory(
            atPath: directory.path + "/data/images", withIntermediateDirectories: true)
    }

    /// Every setting that one of them needs, and a request for those that answer one.
    private var environment: [String: String] {
        [
            "PATH": "/usr/bin:/bin", "CREDITS_DATABASE": database, "CREDITS_IMAGES": directory.path + "/data/images",
            "CREDITS_PUBLIC_URL": "https://credits.example", "POLAR_SERVER": "sandbox",
            "POLAR_PRODUCT_ID": Handler.product, "POLAR_WEBHOOK_SECRET": Handler.secret,
            "POLAR_ACCESS_TOKEN": "polar_oat_1", "AUTH_ISSUER": "https://issuer.example", "AUTH_AUDIENCE": "credits",
            "AUTH_JWKS_FILE": directory.path + "/jwks.json", "GENERATOR": "command", "GENERATOR_COMMAND": "/bin/cat",
            "REQUEST_METHOD": "GET", "DOCUMENT_URI": "/healthz", "REQUEST_ID": "1",
        ]
    }

    private func end(_ program: String, without names: String..., arguments: [String] = []) throws -> Program.Ended {
        try Program(program).run(arguments, environment: environment.filter { !names.contains($0.key) })
    }

    /// What is wrong with the store, and what a program says by its end.
    struct Fault: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let status: Int32
        let make: @Sendable (_ database: String) throws -> Void

        init(_ name: String, _ status: Int32, _ make: @escaping @Sendable (String) throws -> Void) {
            (testDescription, self.status, self.make) = (name, status, make)
        }

        static func migrate(_ database: String, then sql: String) throws {
            _ = try Program("creditctl").run(["migrate"], environment: ["CREDITS_DATABASE": database])
            _ = try Program("/usr/bin/sqlite3").run([database, sql])
        }

        static let all = [
            Fault("its directory is not there", 75) {
                try FileManager.default.removeItem(atPath: URL(filePath: $0).deletingLastPathComponent().path)
            },
            Fault("its file is not there", 75) { _ in },
            Fault("a directory is in its place", 75) {
                try FileManager.default.createDirectory(atPath: $0, withIntermediateDirectories: false)
            },
            Fault("it is no database", 75) { try Places.write(String(repeating: "x", count: 8192), to: $0) },
            Fault("its first page is damaged", 75) {
                try migrate($0, then: "PRAGMA wal_checkpoint(TRUNCATE)")
                let file = try FileHandle(forWritingTo: URL(filePath: $0))
                try file.seek(toOffset: 100)
                try file.write(contentsOf: Data(repeating: 0xFF, count: 3000))
                try file.close()
            },
            Fault("a directory is in the place of the lane", 75) {
                try migrate($0, then: "")
                try FileManager.default.removeItem(atPath: $0 + ".lane")
                try FileManager.default.createDirectory(atPath: $0 + ".lane", withIntermediateDirectories: false)
            },
            Fault("it is empty", 78) { try Places.write("", to: $0) },
            Fault("its schema is older", 78) { try migrate($0, then: "PRAGMA user_version = 1") },
            Fault("its schema is newer", 78) { try migrate($0, then: "PRAGMA user_version = 99") },
        ]
    }

    @Test(arguments: Fault.all) func aStoreThatIsNotThereIsNoWrongSetting(_ fault: Fault) throws {
        try fault.make(database)
        for program in Self.programs {
            let ended = try end(program)
            #expect(ended.status == fault.status, "\(program): \(ended.output)\(ended.errors)")
            #expect(ended.errors.split(separator: "\n").count == 1, "\(program): \(ended.errors)")
        }
        for arguments in [["ledger", "verify"], ["settings", "get"], ["backup"], ["inbox", "prune"]] {
            #expect(try end("creditctl", arguments: arguments).status == fault.status, "\(arguments)")
        }
    }

    @Test(arguments: programs) func onlySettingsAreWrongSettings(_ program: String) throws {
        #expect(try end(program, without: "CREDITS_DATABASE").status == 78)
    }

    @Test func aMissingToolIsNoWrongSetting() throws {
        try Fault.migrate(database, then: "")
        var changed = environment
        changed["GENERATOR_COMMAND"] = directory.path + "/none"
        let ended = try Program("generation-worker").run(environment: changed)
        #expect(ended.status == 75 && ended.errors == "GENERATOR_COMMAND names no program that can be run\n")
    }

    @Test func whatIsThereAnswers() throws {
        try Fault.migrate(database, then: "")
        for program in Self.programs.dropLast() {
            let ended = try end(program)
            #expect(ended.status == 0, "\(program): \(ended.errors)")
        }
    }
}
