import Foundation
import HTTPClient
import JSON
import TestSupport
import Testing

/// The description at `/openapi.json`, held against the running product by schemathesis (PyPI): what it generates is
/// answered as described, whatever it is.
///
/// Source: https://schemathesis.readthedocs.io
@Suite(.serialized) struct DescriptionTests {
    @Test(.timeLimit(.minutes(8)))
    func theProductAnswersAsDescribed() throws {
        let site = try Site()
        let described = try site.send("GET", "/openapi.json")
        #expect(described.status == 200)
        #expect(try site.creditctl("openapi").output == String(decoding: described.body, as: UTF8.self))
        let token = try Self.furnish(site)
        let file = try TemporaryDirectory()
        try Data(described.body).write(to: URL(fileURLWithPath: file.path + "/openapi.json"))
        // It leaves what it has found in the directory that it runs in.
        let ended = try Program("/usr/bin/env").run(
            [
                "--chdir", file.path, PyPI.program("schemathesis", of: "schemathesis==4.32.5"), "--config-file",
                "\(Places.repository)/Tests/Fixtures/schemathesis.toml", "run",
                file.path + "/openapi.json", "--url", site.address, "--header", "Authorization: Bearer \(token)",
                "--max-examples", "20", "--seed", "1", "--checks", "all", "--no-color",
            ], environment: ["PATH": "/usr/bin:/bin", "HOME": file.path, "LANG": "C.UTF-8"], within: .seconds(400))
        #expect(ended.status == 0, Comment(rawValue: String(ended.output.suffix(20_000))))
        let selected = ended.output.split(separator: "\n").first { $0.contains("Selected:") } ?? ""
        let operations = try JSON(described.body)["paths"]?.members?.flatMap { $0.value.members ?? [] }.count ?? 0
        #expect(selected.contains("\(operations)/\(operations)"), "\(selected)")
        try expectVerified(site)
    }

    /// An admin, and something in every list. Gives back the admin's token.
    private static func furnish(_ site: Site) throws -> String {
        _ = try site.sale(of: 1, to: "admin")
        try site.control("/control/api/orders", ["email": "nobody@example.com"])
        _ = try site.upload(as: "admin")
        try eventually("the webhooks came") {
            let parked = try JSON(site.api("GET", "/api/v1/admin/parked", as: "admin").body)["items"]?.array
            return try parked?.count == 1 && site.balance(of: "admin").credits == 429
        }
        return try site.token("admin")
    }
}
