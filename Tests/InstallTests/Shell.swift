import Foundation
import Glibc
import TestSupport

/// Runs programs one after the other by popen(3), beside a machine that starts and ends many of its own: it waits for its own child
/// and for nothing else.
enum Shell {
    struct Ended: Sendable {
        let status: Int32
        /// What it printed, errors included.
        let output: String
        var errors: String { output }
    }

    private static let path = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"

    static func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Ended {
        let settings = ["PATH": path].merging(environment) { $1 }.map { "\($0)=\($1)" }
        let words = (["timeout", "120", "env", "-i"] + settings + arguments).map(quoted)
        guard let stream = unsafe popen(words.joined(separator: " ") + " </dev/null 2>&1", "re") else {
            throw NeverCame(description: "popen: \(errno)")
        }
        var output: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe fread(&part, 1, part.count, stream)
            guard count > 0 else { break }
            output += part[..<count]
        }
        let status = unsafe pclose(stream)
        return Ended(status: (status >> 8) & 0xFF, output: String(decoding: output, as: UTF8.self))
    }

    private static func quoted(_ word: String) -> String { "'" + word.replacing("'", with: "'\\''") + "'" }
}
