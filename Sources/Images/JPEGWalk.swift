/// JPEG, from `SOI` to the last byte of the file.
///
/// Source: https://www.w3.org/Graphics/JPEG/itu-t81.pdf, annex B
enum JPEGWalk {
    static let signature: [UInt8] = [0xFF, 0xD8, 0xFF]

    static func size(of bytes: ImageBytes) throws(ImageFault) -> PixelSize {
        guard let picture = JPEGPicture(bytes), picture.accounts(forTailOf: bytes) else { throw .unreadable }
        return picture.size.shown(with: picture.orientation)
    }
}

/// One picture of a JPEG file, which may hold more.
struct JPEGPicture {
    private(set) var size = PixelSize(width: 0, height: 0)
    private(set) var orientation = Orientation.upright
    /// Where the byte behind `EOI` is.
    private(set) var end = 0
    /// Where further pictures start, as `APP2` announces them.
    private(set) var further: Set<Int> = []
    /// Whether the metadata say that a short film stands behind the picture.
    private(set) var isMotionPhoto = false

    /// More than any camera announces: a long file could hold millions.
    private static let mostFurther = 1000

    private var hasFrame = false
    private var hasScan = false

    /// `nil` unless a whole picture starts at 0.
    init?(_ bytes: ImageBytes) {
        guard bytes.big(0, bytes: 2) == 0xFFD8 else { return nil }
        end = 2
        while let marker = nextMarker(in: bytes) {
            if marker == 0xD9 {
                guard hasScan else { return nil }
                end += 2
                return
            }
            guard let count = bytes.big(end + 2, bytes: 2), count >= 2, let data = bytes.part(end + 4, count - 2),
                take(marker, data, at: end + 4)
            else { return nil }
            end += 2 + count
            if marker == 0xDA {
                guard let scanEnd = Self.scanEnd(in: bytes, from: end) else { return nil }
                end = scanEnd
            }
        }
        return nil
    }

    /// The marker at the end, behind any fill bytes; `nil` where none stands.
    private mutating func nextMarker(in bytes: ImageBytes) -> UInt8? {
        guard bytes[end] == 0xFF else { return nil }
        while bytes[end + 1] == 0xFF { end += 1 }
        return bytes[end + 1]
    }

    /// Coded data run to the first marker that is neither a restart nor an escaped 0xFF.
    private static func scanEnd(in bytes: ImageBytes, from start: Int) -> Int? {
        var position = start
        while let found = bytes.next(0xFF, from: position) {
            guard let marker = bytes[found + 1] else { return nil }
            switch marker {
            case 0x00, 0xD0...0xD7: position = found + 2
            case 0xFF: position = found + 1
            case _: return found
            }
        }
        return nil
    }

    private mutating func take(_ marker: UInt8, _ data: ImageBytes, at position: Int) -> Bool {
        switch marker {
        case 0xC0, 0xC1, 0xC2: return takeFrame(data)
        // Lossless, hierarchical and arithmetic coding, which browsers do not show; and markers without a length.
        case 0x00...0xBF, 0xC3, 0xC5...0xCB, 0xCD...0xD8, 0xDE, 0xDF: return false
        case 0xDA:
            guard hasFrame, let components = data[0], data.count == 4 + 2 * Int(components) else { return false }
            hasScan = true
        case 0xE1: takeMetadata(data)
        case 0xE2:
            guard data.has("MPF\0", at: 0), let index = data.dropping(4) else { break }
            further.formUnion(MultiPictureIndex.starts(in: index).map { position + 4 + $0 })
            return further.count <= Self.mostFurther
        case _: break
        }
        return true
    }

    private mutating func takeFrame(_ data: ImageBytes) -> Bool {
        guard !hasFrame, data[0] == 8, let height = data.big(1, bytes: 2), let width = data.big(3, bytes: 2),
            let components = data[5], (1...4).contains(components), data.count == 6 + 3 * Int(components)
        else { return false }
        size = PixelSize(width: width, height: height)
        hasFrame = true
        return true
    }

    private mutating func takeMetadata(_ data: ImageBytes) {
        if data.has("Exif\0\0", at: 0), orientation == .upright {
            orientation = data.dropping(6).flatMap { Orientation(exif: $0) } ?? .upright
        } else if data.has("http://ns.adobe.com/xap/1.0/\0", at: 0) {
            isMotionPhoto = isMotionPhoto || data.contains("MotionPhoto") || data.contains("MicroVideo")
        }
    }
}
