/// Why the directory of images did not do its work.
public enum BlobError: Error, Equatable, Sendable, CustomStringConvertible {
    case absent
    /// The disk has no room; nothing was stored.
    case full
    case tooLarge
    case unavailable(String)
    /// The file stands, but the database did not do its part.
    case store(StoreError)

    public var description: String {
        switch self {
        case .absent: "no such image file"
        case .full: "the disk of the images is full"
        case .tooLarge: "the image file is too large"
        case .unavailable(let reason): reason
        case .store(let error): error.description
        }
    }
}
