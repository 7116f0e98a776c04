/// PNG, from the signature to the last byte of `IEND`.
///
/// Source: https://www.w3.org/TR/png-3/
enum PNGWalk {
    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    static func size(of bytes: ImageBytes) throws(ImageFault) -> PixelSize {
        var position = signature.count
        var picture: (size: PixelSize, isPalette: Bool)?
        var hasPalette = false
        var hasPixels = false
        var orientation = Orientation.upright
        while true {
            guard let chunk = Chunk(in: bytes, at: position) else { throw .unreadable }
            position += chunk.length
            guard let seen = picture else {
                guard chunk.type == "IHDR", chunk.isWhole, let header = header(chunk.data) else { throw .unreadable }
                picture = header
                continue
            }
            switch chunk.type {
            case "PLTE":
                guard chunk.isWhole, !hasPalette, !hasPixels else { throw .unreadable }
                hasPalette = true
            case "IDAT":
                guard chunk.isWhole, hasPalette || !seen.isPalette else { throw .unreadable }
                hasPixels = true
            case "IEND":
                // Whatever follows is no part of the picture: an archive, a page or a program.
                guard chunk.isWhole, chunk.data.count == 0, hasPixels, position == bytes.count else {
                    throw .unreadable
                }
                return seen.size.shown(with: orientation)
            case "eXIf":
                if chunk.isWhole { orientation = Orientation(exif: chunk.data) ?? orientation }
            case "acTL", "fcTL", "fdAT":
                throw .unreadable
            case _:
                // A chunk that a reader does not know and must know makes the picture unreadable (section 5.4).
                guard chunk.isAncillary else { throw .unreadable }
            }
        }
    }

    private static func header(_ data: ImageBytes) -> (size: PixelSize, isPalette: Bool)? {
        guard data.count == 13, let width = data.big(0, bytes: 4), let height = data.big(4, bytes: 4),
            let depth = data[8], let color = data[9], let depths = depths[color], depths.contains(depth),
            data[10] == 0, data[11] == 0, let interlace = data[12], interlace <= 1
        else { return nil }
        return (PixelSize(width: width, height: height), color == 3)
    }

    /// Bits a sample by colour type: grey, colour, palette, grey with alpha, colour with alpha.
    private static let depths: [UInt8: [UInt8]] = [
        0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16],
    ]

    private struct Chunk {
        let type: String
        let data: ImageBytes
        private let checked: ImageBytes
        private let check: Int

        init?(in bytes: ImageBytes, at position: Int) {
            guard let count = bytes.big(position, bytes: 4), count <= Int(Int32.max),
                let checked = bytes.part(position + 4, count + 4),
                let check = bytes.big(position + 8 + count, bytes: 4),
                let name = checked.letters(4), let data = checked.dropping(4)
            else { return nil }
            type = name
            self.data = data
            self.checked = checked
            self.check = check
        }

        /// With what frames it.
        var length: Int { data.count + 12 }

        var isWhole: Bool { Int(checked.crc32) == check }

        /// Lower case: a reader that does not know the chunk may pass over it.
        var isAncillary: Bool { checked[0].map { $0 & 0x20 != 0 } ?? false }
    }
}

extension ImageBytes {
    /// The first `count` bytes, if they are letters.
    fileprivate func letters(_ count: Int) -> String? {
        var text = ""
        for offset in 0..<count {
            guard let byte = self[offset], (0x41...0x5A).contains(byte & 0xDF) else { return nil }
            text.unicodeScalars.append(Unicode.Scalar(byte))
        }
        return text
    }
}
