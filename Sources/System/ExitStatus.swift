internal import Core

/// With what a process ends that could not do its work: systemd and scripts decide by it what happens next.
///
/// Source: sysexits.h, whose numbers these are from 64 on.
public enum ExitStatus: Int32, Sendable, CaseIterable {
    /// The answer is no, or faults were found.
    case refused = 1
    case misused = 2
    /// The store, or a program that this one runs, is not there now: tried again, with a pause and without an end.
    case notNow = 75
    /// Settings or schema. A person must change something, so it is not tried again.
    case misconfigured = 78

    /// How a process ends that could not start because of `error`.
    public init(because error: any Error) {
        switch error {
        case let error as StoreError: self.init(because: error)
        case is SettingsError: self = .misconfigured
        case _: self = .notNow
        }
    }

    private init(because error: StoreError) {
        switch error {
        case .unavailable, .full, .unknown: self = .notNow
        case .schema: self = .misconfigured
        }
    }
}
