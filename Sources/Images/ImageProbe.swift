/// Reads kind and size of a picture from its structure. No pixel is decoded.
///
/// The whole file is walked, so that one that is cut short, or that is something else as well, is refused before it
/// costs a credit. Every walk goes forward only and reads no byte twice.
public enum ImageProbe {
    /// Pixels. JPEG's own limit, and more than any camera has.
    public static let maximumSide = 65_535

    /// By the first bytes alone; `nil` for GIF, AVIF, SVG and whatever else is not taken in.
    public static func kind(of bytes: ArraySlice<UInt8>) -> ImageKind? { kind(of: ImageBytes(ImageSource(bytes))) }

    public static func kind(of blob: any ImageFile) throws(ImageFault) -> ImageKind? {
        let source = ImageSource(blob)
        let kind = kind(of: ImageBytes(source))
        if let failure = source.failure { throw .notRead(failure) }
        return kind
    }

    /// - Parameter maximumPixels: width times height may be as much.
    public static func facts(
        of bytes: ArraySlice<UInt8>, maximumPixels: Int
    ) throws(ImageFault) -> ImageFacts {
        try facts(of: ImageSource(bytes), PixelLimit(pixels: maximumPixels))
    }

    /// The same of a picture that is never in memory as a whole.
    public static func facts(of blob: any ImageFile, maximumPixels: Int) throws(ImageFault) -> ImageFacts {
        try facts(of: ImageSource(blob), PixelLimit(pixels: maximumPixels))
    }

    private static func facts(of source: ImageSource, _ limit: PixelLimit) throws(ImageFault) -> ImageFacts {
        do throws(ImageFault) {
            let facts = try facts(of: ImageBytes(source), limit)
            guard source.failure == nil else { throw .unreadable }
            return facts
        } catch {
            // To a walk, bytes that cannot be read look like bytes that are not there.
            if let failure = source.failure { throw .notRead(failure) }
            throw error
        }
    }

    private static func kind(of bytes: ImageBytes) -> ImageKind? {
        if bytes.has(PNGWalk.signature, at: 0) { return .png }
        if bytes.has(JPEGWalk.signature, at: 0) { return .jpeg }
        if WebPWalk.isSigned(bytes) { return .webp }
        return HEIFBrand(bytes)?.kind
    }

    private static func facts(of bytes: ImageBytes, _ limit: PixelLimit) throws(ImageFault) -> ImageFacts {
        guard let kind = kind(of: bytes) else { throw .notAnImage }
        let size: PixelSize =
            switch kind {
            case .png: try PNGWalk.size(of: bytes)
            case .jpeg: try JPEGWalk.size(of: bytes)
            case .webp: try WebPWalk.size(of: bytes)
            case .heic, .heif: try HEIFWalk.size(of: bytes, within: limit)
            }
        guard limit.allows(size) else { throw .dimensions }
        return ImageFacts(kind: kind, width: size.width, height: size.height)
    }
}

/// Width and height in pixels.
struct PixelSize: Equatable {
    var width: Int
    var height: Int

    /// With the sides changed for each other where the camera was held upright: EXIF's orientations 5 to 8.
    func shown(with orientation: Orientation) -> PixelSize {
        orientation.swapsSides ? PixelSize(width: height, height: width) : self
    }
}

struct PixelLimit {
    let pixels: Int

    func allows(_ size: PixelSize) -> Bool {
        let side = 1...ImageProbe.maximumSide
        // Sides of 16 bits: their product cannot overflow.
        return side.contains(size.width) && side.contains(size.height) && size.width * size.height <= pixels
    }
}
