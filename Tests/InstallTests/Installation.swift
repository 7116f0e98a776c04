import Foundation
import Glibc
import JOSE
import TestSupport
import Testing

/// An installation in a root of its own. With a machine under it, its programs run behind a real nginx with the production
/// configuration, kept by a stand-in for systemd.
final class Installation: Sendable {
    static let product = "6a1f2c9e-5a6b-4f0e-9d7a-0c1f5b3a2e41"
    static let secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
    static let programs = [
        "checkout", "generations", "polar-orders", "auth", "admin", "generation-worker", "creditctl",
    ]

    let root: String
    let port: Int
    private let issuer: JWK
    private let executables: TemporaryDirectory
    private let machine: Holder?

    init(runs: Bool = false) throws {
        let port = Int.random(in: 5_000..<15_000) * 2
        let root = try Places.temporaryDirectory()
        self.port = port
        self.root = root
        executables = try TemporaryDirectory()
        unsafe chmod(root, 0o711)
        machine = runs ? try Self.machine(under: root) : nil
        issuer = try JWK.generate(.es256, keyID: "k1")
        try Self.writeSettings(root, port: port, issuer: issuer)
        try place(Self.programs.map { ($0, "\(Places.products)/\($0)") })
    }

    deinit {
        machine?.release()
        try? FileManager.default.removeItem(atPath: root)
    }

    private static func machine(under root: String) throws -> Holder {
        let script = """
            mkdir "$ROOT/etc"
            printf 'credits:x:61234:61234::/:/bin/false\\n' >"$ROOT/etc/passwd"
            printf 'credits:x:61234:\\n' >"$ROOT/etc/group"
            printf '#!/bin/sh\\nexec python3 "%s" "%s" "$@"\\n' "$0" "$ROOT" >"$ROOT/systemctl"
            chmod +x "$ROOT/systemctl"
            python3 "$0" "$ROOT" 1>&- 2>"$ROOT/machine.log" &
            machine=$!
            until [[ -S $ROOT/systemctl.sock ]]; do kill -0 $machine || exit; sleep 0.05; done
            echo up
            exec 1>&- 2>&-
            read -r
            kill -TERM $machine
            wait $machine
            """
        let holder = try Holder(
            script, "\(Places.repository)/Tests/InstallTests/Machine/systemctl.py",
            environment: ["ROOT": root, "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"])
        guard holder.said() == "up\n" else { throw NeverCame(description: "The machine does not start") }
        return holder
    }

    private static func writeSettings(_ root: String, port: Int, issuer: JWK) throws {
        let etc = "\(root)/etc/polar-credits"
        try FileManager.default.createDirectory(atPath: "\(etc)/credentials", withIntermediateDirectories: true)
        try Places.write(
            """
            CREDITS_DATABASE=\(root)/var/lib/polar-credits/credits.db
            CREDITS_IMAGES=\(root)/var/lib/polar-credits/images
            CREDITS_PUBLIC_URL=https://localhost:\(port)
            CREDITS_HTTP_PORT=\(port + 1)
            POLAR_SERVER=sandbox
            POLAR_PRODUCT_ID=\(product)
            AUTH_ISSUER=https://issuer.example.com
            AUTH_JWKS_FILE=\(etc)/jwks.json
            AUTH_AUDIENCE=credits
            GENERATOR=command
            GENERATOR_COMMAND=/bin/cat

            """, to: "\(etc)/settings.env")
        let keys = String(decoding: issuer.publicJSON, as: UTF8.self)
        try Places.write("{\"keys\":[\(keys)]}", to: "\(etc)/jwks.json")
        try Places.write(secret + "\n", to: "\(etc)/credentials/POLAR_WEBHOOK_SECRET")
        try Places.write("polar_oat_test\n", to: "\(etc)/credentials/POLAR_ACCESS_TOKEN")
    }

    /// What the next installation installs.
    func place(_ files: [(program: String, file: String)]) throws {
        for (program, file) in files {
            let place = "\(executables.path)/\(program)"
            try? FileManager.default.removeItem(atPath: place)
            try FileManager.default.createSymbolicLink(atPath: place, withDestinationPath: file)
        }
    }

    /// Runs deploy/install on this root.
    @discardableResult
    func install(_ options: String..., by prefix: [String] = []) throws -> Shell.Ended {
        try install(options, by: prefix)
    }

    @discardableResult
    func install(_ options: [String], by prefix: [String] = []) throws -> Shell.Ended {
        var environment = ["HOME": root]
        if machine != nil { environment["SYSTEMCTL"] = "\(root)/systemctl" }
        return try Shell.run(
            prefix + ["\(Places.repository)/deploy/install", "--root", root, "--from", executables.path] + options,
            environment: environment)
    }

    /// The same program as other bytes.
    func otherBuild(of name: String, _ number: Int = 0) throws -> String {
        let place = "\(executables.path)/\(name).\(number)"
        try Data(try Places.bytes(of: "\(Places.products)/\(name)") + [UInt8(truncatingIfNeeded: number)])
            .write(to: URL(fileURLWithPath: place))
        unsafe chmod(place, 0o755)
        return place
    }

    func set(_ line: String) throws {
        let path = "\(root)/etc/polar-credits/settings.env"
        try Places.write(Places.text(of: path) + line + "\n", to: path)
    }

    /// Programs and the worker that do not run now, or not those of the current release.
    func missing() throws -> [String] {
        let current = try #require(release)
        return try Self.programs.dropLast().filter { name in
            let show = ["show", "--property=MainPID", "--value", "polar-credits-\(name).service"]
            let pid = try Shell.run(["\(root)/systemctl"] + show).output.trimmingCharacters(in: .whitespacesAndNewlines)
            let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe")
            return program?.contains("\(current)/bin/\(name)") != true
        }
    }

    var release: String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "\(root)/opt/polar-credits/current")
    }

    /// Asks nginx as a client does that trusts the site's certificate and no other.
    func ask(_ path: String, _ options: [String] = []) throws -> Shell.Ended {
        let certificate = "\(root)/etc/polar-credits/tls/fullchain.pem"
        return try Shell.run(
            ["curl", "--silent", "--include", "--max-time", "60", "--cacert", certificate] + options
                + ["https://localhost:\(port)\(path)"])
    }

    /// The status of a delivery, sent now.
    func deliver(_ event: OrderEvent, secret: String = secret) throws -> String {
        let webhook = SignedWebhook(Array(event.body.utf8), secret: secret)
        let headers = webhook.headers.flatMap { ["--header", "\($0.0): \($0.1)"] }
        return try ask("/polar/orders", headers + ["--data-binary", event.body]).output.prefix(10).description
    }

    /// What a picture is answered, and the id of the generation that takes it.
    func upload(as user: String) throws -> (answer: String, id: String?) {
        let answer = try ask("/api/v1/generations", Self.picture(of: user, signedInBy: issuer)).output
        let status = String(answer.prefix(10))
        guard status == "HTTP/2 202" else { return (status, nil) }
        return (status, answer.firstMatch(of: /"id":"([^"]+)"/).map { String($0.1) })
    }

    /// What curl is told for the upload of a picture.
    static func picture(of user: String, signedInBy issuer: JWK) throws -> [String] {
        let claims = """
            {"iss":"https://issuer.example.com","aud":"credits","sub":"\(user)","exp":4102444800,\
            "email":"\(user)@example.com","email_verified":true}
            """
        let token = try JWS.signed(Array(claims.utf8), by: issuer)
        return [
            "--header", "Authorization: Bearer \(token)", "--header", "Content-Type: image/jpeg",
            "--data-binary", "@\(Places.repository)/Tests/Fixtures/images/baseline.jpg",
        ]
    }

    func sql(_ query: String) throws -> String {
        try Shell.run(["sqlite3", "\(root)/var/lib/polar-credits/credits.db", query]).output
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

/// Programs for a release that passes the trial and then does not serve: Machine/standin.c, built once.
enum StandIn {
    static let broken = built()
    /// A creditctl that works, and says that it has migrated.
    static let migrating = built("-DREAL=\"\(Places.products)\"")

    private static func built(_ options: String...) -> String {
        let place = (try? Places.temporaryDirectory()).map { "\($0)/standin" } ?? ""
        let source = "\(Places.repository)/Tests/InstallTests/Machine/standin.c"
        _ = try? Shell.run(["cc", "-O1", "-o", place, source] + options)
        return place
    }
}
