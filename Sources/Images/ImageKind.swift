/// A format in which pictures are taken in.
public enum ImageKind: String, CaseIterable, Sendable {
    case png, jpeg, webp, heic, heif

    public var contentType: String { "image/\(rawValue)" }

    /// Reads a media type in any case, with or without parameters; `nil` if it is not one of ours.
    public init?(contentType: String) {
        let essence = contentType.utf8.prefix { $0 != UInt8(ascii: ";") }
            .filter { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
            .map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        guard let kind = Self.allCases.first(where: { $0.contentType.utf8.elementsEqual(essence) }) else { return nil }
        self = kind
    }

    /// Whether a client that said `declared` meant this.
    ///
    /// Cameras and browsers write `image/heic` and `image/heif` for the same files: both are HEVC pictures in an ISO
    /// base media file, and only the brand in its first box differs.
    public func matches(declared: ImageKind) -> Bool {
        switch self {
        case .png, .jpeg, .webp: self == declared
        case .heic, .heif: declared == .heic || declared == .heif
        }
    }
}
