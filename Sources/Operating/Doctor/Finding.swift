/// One line of the doctor's.
public struct Finding: Equatable, Sendable {
    public enum Level: String, CaseIterable, Sendable {
        case ok, warning, fault
        /// Not looked at, and why.
        case skipped
    }

    /// What was looked at: stable, for programs.
    public let check: String
    public let level: Level
    /// What is so. Never a secret.
    public let text: String
    /// What to do about it.
    public let advice: String?

    public static func ok(_ check: String, _ text: String) -> Finding {
        Finding(check: check, level: .ok, text: text, advice: nil)
    }

    public static func warning(_ check: String, _ text: String, _ advice: String) -> Finding {
        Finding(check: check, level: .warning, text: text, advice: advice)
    }

    public static func fault(_ check: String, _ text: String, _ advice: String) -> Finding {
        Finding(check: check, level: .fault, text: text, advice: advice)
    }

    public static func skipped(_ check: String, _ text: String) -> Finding {
        Finding(check: check, level: .skipped, text: text, advice: nil)
    }
}

/// One finding, where there may be several.
extension [Finding] {
    static func ok(_ check: String, _ text: String) -> [Finding] { [Finding.ok(check, text)] }

    static func warning(_ check: String, _ text: String, _ advice: String) -> [Finding] {
        [Finding.warning(check, text, advice)]
    }

    static func fault(_ check: String, _ text: String, _ advice: String) -> [Finding] {
        [Finding.fault(check, text, advice)]
    }

    static func skipped(_ check: String, _ text: String) -> [Finding] { [Finding.skipped(check, text)] }
}
