public enum ImageKind: String, CaseIterable, Sendable {
    case png, jpeg, webp, heic, heif
    public var contentType: String { "image/\(rawValue)" }
    public init?(contentType: String) { self.init(rawValue: String(contentType.dropFirst(6))) }
    public func matches(declared: ImageKind) -> Bool { self == declared }
}
public struct ImageFacts: Equatable, Sendable {
    public let kind: ImageKind
    public let width: Int
    public let height: Int
    public init(kind: ImageKind, width: Int, height: Int) {
        (self.kind, self.width, self.height) = (kind, width, height)
    }
}
public enum ImageFault: Error, Equatable, Sendable { case notAnImage, unreadable, dimensions }
public enum ImageProbe {
    public static func facts(of bytes: ArraySlice<UInt8>, maximumPixels: Int) throws(ImageFault) -> ImageFacts {
        throw .notAnImage
    }
    public static func kind(of bytes: ArraySlice<UInt8>) -> ImageKind? { nil }
}
