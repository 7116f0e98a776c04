internal import Subprocess

/// What the service manager says of its units.
public struct SystemUnits: Sendable {
    private let program: String

    /// `nil` on a machine without systemd.
    public init?(path: String) {
        guard let program = Subprocess.find("systemctl", in: path) else { return nil }
        self.program = program
    }

    /// Such as `active`, `inactive` or `failed`; `nil` if nobody answers.
    public func state(of unit: String) -> String? {
        let subprocess = Subprocess(
            program: program, arguments: ["is-active", unit], environment: [:],
            limits: .init(time: .seconds(10), outputBytes: 4096))
        guard case .exited(_, let output) = subprocess.run().outcome else { return nil }
        let word = String(decoding: output, as: UTF8.self).prefix { $0.isLetter || $0 == "-" }
        return word.isEmpty ? nil : String(word)
    }
}
