import Images
import TestSupport
import Testing

/// A long picture is looked at without being read into memory.
@Suite struct ImageFileTests {
    /// A whole picture of each kind that is longer than several pages, none of whose numbers lie where a page begins.
    private static let long = [
        ImageCase("PNG: a chunk that nobody knows", png(filler: [UInt8](repeating: 0x20, count: 40_000))),
        ImageCase("PNG: pixels", png(pixels: (0..<40_000).map { UInt8(truncatingIfNeeded: $0 &* 7) })),
        ImageCase("JPEG: many segments", jpeg()), ImageCase("WebP: a chunk that nobody knows", webp()),
        ImageCase("JPEG: zeros to a round length", jpeg() + [UInt8](repeating: 0, count: 20_001)),
    ]

    private static func png(filler: [UInt8] = [], pixels: [UInt8] = [0]) -> [UInt8] {
        [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
            + pngChunk("IHDR", big(24, 4) + big(16, 4) + [8, 2, 0, 0, 0]) + pngChunk("teSt", filler)
            + pngChunk("IDAT", pixels) + pngChunk("IEND")
    }

    private static func jpeg() -> [UInt8] {
        let frame = jpegSegment(0xC0, [8] + big(16, 2) + big(24, 2) + [1, 1, 0x11, 0])
        let scan = jpegSegment(0xDA, [1, 1, 0, 0, 63, 0])
        let coded = (0..<10_000).flatMap { _ in [0x11, 0xFF, 0x00] as [UInt8] }
        let comments = (0..<3).flatMap { _ in jpegSegment(0xFE, [UInt8](repeating: 0x20, count: 20_000)) }
        return [0xFF, 0xD8] + comments + frame + scan + coded + [0xFF, 0xD9]
    }

    private static func webp() -> [UInt8] {
        let canvas = [0, 0, 0, 0] + little(23, 3) + little(15, 3)
        let chunks =
            Array("VP8X".utf8) + little(10, 4) + canvas + Array("VP8L".utf8) + little(6, 4)
            + [0x2F] + little(23 | 15 << 14, 4) + [0] + Array("teSt".utf8) + little(40_000, 4)
            + [UInt8](repeating: 0x20, count: 40_000)
        return Array("RIFF".utf8) + little(chunks.count + 4, 4) + Array("WEBP".utf8) + chunks
    }

    @Test(arguments: long)
    func aLongPictureIsReadAPageAtATime(_ picture: ImageCase) throws {
        let facts = try probe(picture.bytes)
        #expect(facts.width == 24 && facts.height == 16)
        let file = PictureFile(picture.bytes)
        #expect(try ImageProbe.facts(of: file, maximumPixels: 1000) == facts)
        #expect(file.reads.allSatisfy { $0.count <= 16 << 10 })
        #expect(file.reads.reduce(0) { $0 + $1.count } <= picture.bytes.count + 5 * (16 << 10), "none again and again")
        #expect(throws: ImageFault.unreadable) { try probe(Array(picture.bytes.prefix(30_000))) }
        #expect(throws: ImageFault.unreadable) { try probe(picture.bytes + Array("PK".utf8)) }
    }

    /// Whatever cannot be read is nobody's fault but ours: never is the picture called broken, or whole, for that.
    @Test(arguments: long)
    func whatCannotBeReadIsToldApart(_ picture: ImageCase) throws {
        let whole = PictureFile(picture.bytes)
        _ = try ImageProbe.facts(of: whole, maximumPixels: 1000)
        for read in whole.reads.indices {
            #expect(throws: ImageFault.notRead(ImageFileError("I/O error")), "read \(read)") {
                try ImageProbe.facts(of: PictureFile(picture.bytes, failingAt: read), maximumPixels: 1000)
            }
        }
        #expect(throws: ImageFault.notRead(ImageFileError("I/O error"))) {
            try ImageProbe.kind(of: PictureFile(picture.bytes, failingAt: 0))
        }
    }

    @Test func aPictureAnnouncesNoEndlessList() throws {
        func announcing(_ count: Int) -> [UInt8] {
            let picture = Self.jpeg()
            // Entries of 16 bytes, each with another start.
            let entries = (1...count).flatMap { little(0, 4) + little(1, 4) + little($0, 4) + little(0, 4) }
            let segments = stride(from: 0, to: entries.count, by: 32_000).flatMap { start -> [UInt8] in
                let list = Array(entries[start..<min(start + 32_000, entries.count)])
                let index =
                    Array("II*\0".utf8) + little(8, 4) + little(1, 2) + little(0xB002, 2) + little(7, 2)
                    + little(list.count, 4) + little(26, 4) + little(0, 4) + list
                return jpegSegment(0xE2, Array("MPF\0".utf8) + index)
            }
            return picture.prefix(2) + segments + picture.dropFirst(2)
        }
        #expect(try probe(announcing(900)).width == 24)
        #expect(throws: ImageFault.unreadable) { try probe(announcing(3000)) }
    }
}
