/// WebP, over all chunks of the RIFF file.
///
/// Source: https://www.rfc-editor.org/rfc/rfc9649
enum WebPWalk {
    static func isSigned(_ bytes: ImageBytes) -> Bool { bytes.has("RIFF", at: 0) && bytes.has("WEBP", at: 8) }

    static func size(of bytes: ImageBytes) throws(ImageFault) -> PixelSize {
        // Neither more nor less: a cut file or one with something behind it.
        guard bytes.little(4, bytes: 4) == bytes.count - 8 else { throw .unreadable }
        var position = 12
        var canvas: PixelSize?
        var picture: PixelSize?
        var orientation = Orientation.upright
        while position < bytes.count {
            guard let count = bytes.little(position + 4, bytes: 4), let data = bytes.part(position + 8, count) else {
                throw .unreadable
            }
            let isFirst = position == 12
            if bytes.has("VP8X", at: position) {
                guard isFirst, let extended = extended(data) else { throw .unreadable }
                canvas = extended
            } else if bytes.has("VP8 ", at: position) {
                guard isFirst || canvas != nil, picture == nil, let size = lossy(data) else { throw .unreadable }
                picture = size
            } else if bytes.has("VP8L", at: position) {
                guard isFirst || canvas != nil, picture == nil, let size = lossless(data) else { throw .unreadable }
                picture = size
            } else if bytes.has("ANIM", at: position) || bytes.has("ANMF", at: position) {
                throw .unreadable
            } else if bytes.has("EXIF", at: position), canvas != nil {
                // Some writers leave JPEG's introduction before it.
                let tiff = data.has("Exif\0\0", at: 0) ? data.dropping(6) : data
                orientation = tiff.flatMap { Orientation(exif: $0) } ?? orientation
            } else if isFirst {
                throw .unreadable
            }
            position += 8 + count + count % 2
        }
        guard position == bytes.count, let picture, canvas == nil || canvas == picture else { throw .unreadable }
        return picture.shown(with: orientation)
    }

    private static func extended(_ data: ImageBytes) -> PixelSize? {
        let animation: UInt8 = 0x02
        guard data.count >= 10, let flags = data[0], flags & animation == 0,
            let width = data.little(4, bytes: 3), let height = data.little(7, bytes: 3)
        else { return nil }
        return PixelSize(width: width + 1, height: height + 1)
    }

    /// The frame header of VP8 (RFC 6386, 9.1): a key frame whose first partition lies in the chunk.
    private static func lossy(_ data: ImageBytes) -> PixelSize? {
        guard let tag = data.little(0, bytes: 3), tag & 1 == 0, tag >> 5 <= data.count - 10,
            data.big(3, bytes: 3) == 0x9D012A, let width = data.little(6, bytes: 2),
            let height = data.little(8, bytes: 2)
        else { return nil }
        // The upper two bits are a scale for the display that no viewer heeds.
        return PixelSize(width: width & 0x3FFF, height: height & 0x3FFF)
    }

    private static func lossless(_ data: ImageBytes) -> PixelSize? {
        guard data[0] == 0x2F, let header = data.little(1, bytes: 4), header >> 29 == 0 else { return nil }
        return PixelSize(width: header & 0x3FFF + 1, height: header >> 14 & 0x3FFF + 1)
    }
}
