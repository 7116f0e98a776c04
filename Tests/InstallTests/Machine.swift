import Foundation
import Glibc
import JOSE
import TestSupport

/// A machine of its own with a real systemd, for as long as it is kept: Machine/boot. The product is installed there as anywhere.
final class Machine: Sendable {
    /// It needs root, and the second version of cgroups.
    static let isPossible =
        geteuid() == 0
        && ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].contains {
            FileManager.default.isWritableFile(atPath: $0 + "/cgroup.procs")
        }

    private static let boot = "\(Places.repository)/Tests/InstallTests/Machine/boot"
    private let directory: TemporaryDirectory
    private let holder: Holder
    private let issuer: JWK

    /// - Parameters:
    ///   - root: where its files are: this machine's own, or those of another release (Machine/root).
    ///   - place: a directory of this machine that it shall see, beside the repository and Swift's libraries.
    init(root: String = "/", showing place: String = Places.repository) throws {
        issuer = try JWK.generate(.es256, keyID: "k1")
        directory = try TemporaryDirectory()
        holder = try Holder(
            #"exec "$0" "$DIRECTORY" "$REPOSITORY" "$LIBRARIES" "$PLACE""#, Self.boot,
            environment: [
                "ROOT": root, "DIRECTORY": directory.path, "REPOSITORY": Places.repository,
                "LIBRARIES": try Self.libraries(), "PLACE": place,
                "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            ])
        guard holder.said() == "up\n" else { throw NeverCame(description: "The machine does not boot") }
    }

    deinit { holder.release() }

    /// Where Swift's own libraries are: the programs of a debug build read them there.
    private static func libraries() throws -> String {
        let linked = try Shell.run(["ldd", "\(Places.products)/creditctl"]).output
        return linked.firstMatch(of: /=> (\S+)\/libswiftCore\.so\s/).map { String($0.1) } ?? Places.repository
    }

    @discardableResult
    func run(_ words: String...) throws -> Shell.Ended { try Shell.run([Self.boot, directory.path, "in"] + words) }

    /// Runs a script, and expects that it ends well.
    @discardableResult
    func script(_ text: String) throws -> String {
        let ended = try run("bash", "-euc", text)
        guard ended.status == 0 else { throw NeverCame(description: "\(text): \(ended.output)") }
        return ended.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// As an owner installs, on a disk of its own.
    func install() throws {
        let keys = String(decoding: issuer.publicJSON, as: UTF8.self)
        try script(
            """
            mkdir -p /etc/polar-credits/credentials /var/lib/polar-credits
            mount --bind /run/data /var/lib/polar-credits
            echo '{"keys":[\(keys)]}' >/etc/polar-credits/jwks.json
            echo '\(Installation.secret)' >/etc/polar-credits/credentials/POLAR_WEBHOOK_SECRET
            echo polar_oat_test >/etc/polar-credits/credentials/POLAR_ACCESS_TOKEN
            cat >/etc/polar-credits/settings.env <<'END'
            CREDITS_DATABASE=/var/lib/polar-credits/credits.db
            CREDITS_IMAGES=/var/lib/polar-credits/images
            CREDITS_PUBLIC_URL=https://localhost
            POLAR_SERVER=sandbox
            POLAR_PRODUCT_ID=\(Installation.product)
            AUTH_ISSUER=https://issuer.example.com
            AUTH_AUDIENCE=credits
            AUTH_JWKS_FILE=/etc/polar-credits/jwks.json
            GENERATOR=command
            GENERATOR_COMMAND=/bin/cat
            END
            '\(Places.repository)/deploy/install' --from '\(Places.products)'
            """)
    }

    /// A fact that systemd knows of each of our programs' units of one kind.
    func facts(_ name: String, of kind: String) throws -> [String: String] {
        let units = Installation.programs.filter {
            $0 != "creditctl" && (kind == "service" || $0 != "generation-worker")
        }
        return try Dictionary(
            uniqueKeysWithValues: units.map {
                ($0, try script("systemctl show --property=\(name) --value polar-credits-\($0).\(kind)"))
            })
    }

    /// The status of what nginx answers.
    func status(of path: String, _ options: [String] = []) throws -> String {
        try Shell.run(
            [Self.boot, directory.path, "in", "curl", "--silent", "--insecure", "--max-time", "70"] + options
                + ["--output", "/dev/null", "--write-out", "%{http_code}", "https://localhost\(path)"]
        ).output
    }

    func deliver(_ event: OrderEvent) throws -> String {
        let webhook = SignedWebhook(Array(event.body.utf8), secret: Installation.secret)
        let headers = webhook.headers.flatMap { ["--header", "\($0.0): \($0.1)"] }
        return try status(of: "/polar/orders", headers + ["--data-binary", event.body])
    }

    func upload(as user: String) throws -> String {
        try status(of: "/api/v1/generations", Installation.picture(of: user, signedInBy: issuer))
    }
}
