private import Glibc

/// Why a file could not be written, read or found.
public enum FileError: Error, Equatable, Sendable, CustomStringConvertible {
    case absent
    /// The disk, or the user's share of it, has no room.
    case full
    /// Longer than the caller reads.
    case tooLarge
    /// The call that failed, and the system's word for why.
    case failed(String)

    /// From `errno`, right after `call` failed.
    init(_ call: String) {
        switch errno {
        case ENOENT: self = .absent
        case ENOSPC, EDQUOT: self = .full
        case let code: self = unsafe .failed("\(call): \(String(cString: strerror(code)))")
        }
    }

    public var description: String {
        switch self {
        case .absent: "no such file"
        case .full: "the disk is full"
        case .tooLarge: "the file is too large"
        case .failed(let reason): reason
        }
    }
}
