/// What the header of a picture tells.
public struct ImageFacts: Equatable, Sendable {
    public let kind: ImageKind
    /// Pixels, as shown: the orientation that a camera noted is respected.
    public let width: Int
    public let height: Int

    public init(kind: ImageKind, width: Int, height: Int) {
        self.kind = kind
        self.width = width
        self.height = height
    }
}

/// Why bytes are not taken in as a picture.
public enum ImageFault: Error, Equatable, Sendable {
    /// The first bytes are those of no format of ours.
    case notAnImage
    /// Cut short, damaged, animated, or with something else behind the picture.
    case unreadable
    /// A side is 0 or longer than ``ImageProbe/maximumSide``, or there are more pixels than allowed.
    case dimensions
    /// The bytes could not be read: nothing is known of them.
    case notRead(ImageFileError)
}
