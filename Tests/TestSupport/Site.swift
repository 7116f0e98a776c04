import Foundation
import Glibc
public import HTTPClient

/// A whole stack of its own: real nginx, the built executables, the simulator, an empty database.
///
/// It ends, and its directory goes, with its last reference.
public final class Site: Sendable {
    public let directory: String
    public let port: Int
    public let simulatorPort: Int
    /// Every setting in force.
    public let settings: [String: String]

    public var address: String { "http://127.0.0.1:\(port)" }
    /// The origin that pages and forms are made for.
    public var origin: String { "http://localhost:\(port)" }
    public var simulatorAddress: String { "http://localhost:\(simulatorPort)" }

    private let holder: Holder
    private let client = HTTPClient(totalTimeout: .seconds(90), maximumResponseBytes: 32 << 20)

    /// - Parameters:
    ///   - settings: settings of the executables, and `STACK_*` of deploy/stack, that win over the usual ones.
    ///   - simulator: without it, Polar and the issuer are what `settings` says.
    public init(_ settings: [String: String] = [:], simulator: Bool = true) throws {
        for _ in 0..<5 {
            let port = Int.random(in: 10_000..<30_000)
            let environment = try Self.environment(port: port, simulator: simulator).merging(settings) { $1 }
            let holder = try Holder(Self.script, "\(Places.repository)/deploy/stack", environment: environment)
            let said = holder.said()
            if said == "up\n" {
                directory = environment["STACK_DIR"] ?? ""
                self.port = port
                simulatorPort = port + 1
                self.settings = try Self.readSettings("\(directory)/env")
                self.holder = holder
                return
            }
            guard said.contains("is taken by another program") else { throw NeverCame(description: said) }
        }
        throw NeverCame(description: "Five ports were all taken")
    }

    /// Says how `up` went, holds, and takes everything away.
    private static let script = """
        if "$0" up </dev/null >"$STACK_DIR/up.log" 2>&1; then echo up; else cat "$STACK_DIR/up.log"; fi
        exec 1>&- 2>&-
        read -r
        "$0" down >/dev/null 2>&1
        rm -rf "$STACK_DIR"
        """

    private static func environment(port: Int, simulator: Bool) throws -> [String: String] {
        var environment = [
            "STACK_DIR": try Places.temporaryDirectory(), "STACK_PORT": String(port),
            "STACK_SIMULATOR": simulator ? "1" : "0", "STACK_BUILD": "none", "STACK_EXECUTABLES": Places.products,
            "STACK_ADDRESS_LIMITS": "0",
        ]
        for name in ["PATH", "HOME", "LANG"] { environment[name] = ProcessInfo.processInfo.environment[name] }
        return environment
    }

    private static func readSettings(_ path: String) throws -> [String: String] {
        try Places.text(of: path).split(separator: "\n").reduce(into: [:]) { settings, line in
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            settings[String(parts[0])] = String(parts[1])
        }
    }

    /// Ends it now, and waits for that.
    public func down() { holder.release() }
}

extension Site {
    /// Sends a request to nginx. No redirect is followed.
    public func send(
        _ method: String, _ path: String, headers: [(String, String)] = [], body: [UInt8]? = nil
    ) throws -> HTTPClient.Answer {
        try client.send(HTTPClient.Call(method: method, url: address + path, headers: headers, body: body))
    }

    /// Sends a request to the simulator.
    public func simulate(
        _ method: String, _ path: String, headers: [(String, String)] = [], body: [UInt8]? = nil
    ) throws -> HTTPClient.Answer {
        let url = "http://127.0.0.1:\(simulatorPort)\(path)"
        return try client.send(HTTPClient.Call(method: method, url: url, headers: headers, body: body))
    }

    /// Runs `creditctl` with the site's settings.
    public func creditctl(_ arguments: String...) throws -> Program.Ended {
        try Program("\(directory)/bin/creditctl").run(arguments, environment: settings)
    }

    /// The process that runs under a name now.
    public func pid(of name: String) throws -> Int32 {
        try eventually("\(name) has a process") {
            let text = try? Places.text(of: "\(directory)/pids/\(name).pid")
            return text.flatMap { Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        }
    }

    public func signal(_ name: String, _ number: Int32) throws { kill(try pid(of: name), number) }

    /// Ends a program gently and returns when its successor answers.
    public func restart(_ name: String) throws { try stack("restart", name) }

    /// Runs `deploy/stack` on this site.
    public func stack(_ arguments: String...) throws {
        let ended = try Program("/bin/bash").run(
            ["-c", Self.apart, "\(Places.repository)/deploy/stack"] + arguments, environment: holder.environment)
        guard ended.status == 0 else { throw NeverCame(description: ended.errors) }
    }

    /// Foundation knows the end of a program by a descriptor that all its children inherit: what `up` leaves running must
    /// not have it.
    private static let apart = """
        (
            for open in /proc/self/fd/*; do
                open=${open##*/}
                [[ $open -le 2 ]] || eval "exec $open>&-"
            done
            "$0" "$@" </dev/null >/dev/null
        )
        """

    /// What a program has logged so far.
    public func log(of name: String) throws -> String { try Places.text(of: "\(directory)/logs/\(name).log") }
}
