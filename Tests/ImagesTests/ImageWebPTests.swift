import Images
import TestSupport
import Testing

/// Starts from one good WebP and spoils it.
@Suite struct ImageWebPTests {
    private static func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
        Array(type.utf8) + little(data.count, 4) + data + (data.count % 2 == 0 ? [] : [0])
    }

    private static func webp(_ chunks: [UInt8]...) -> [UInt8] {
        let all = chunks.flatMap(\.self)
        return Array("RIFF".utf8) + little(all.count + 4, 4) + Array("WEBP".utf8) + all
    }

    private static func lossless(_ width: Int, _ height: Int, version: Int = 0) -> [UInt8] {
        chunk("VP8L", [0x2F] + little(width - 1 | (height - 1) << 14 | version << 29, 4) + [7, 7, 7])
    }

    private static func lossy(_ width: Int, _ height: Int, tag: Int = 3 << 5, mark: Int = 0x9D012A) -> [UInt8] {
        chunk("VP8 ", little(tag, 3) + big(mark, 3) + little(width, 2) + little(height, 2) + [7, 7, 7])
    }

    private static func canvas(_ width: Int, _ height: Int, flags: Int = 0) -> [UInt8] {
        chunk("VP8X", little(flags, 4) + little(width - 1, 3) + little(height - 1, 3))
    }

    @Test(arguments: [
        ImageCase("lossless", webp(lossless(4, 3))), ImageCase("lossy", webp(lossy(4, 3))),
        ImageCase("scaled", webp(lossy(4 | 1 << 14, 3 | 3 << 14))),
        ImageCase("extended", webp(canvas(4, 3), lossless(4, 3))),
        ImageCase("alpha", webp(canvas(4, 3, flags: 0x10), chunk("ALPH", [1]), lossy(4, 3))),
        ImageCase("unknown chunk", webp(canvas(4, 3), chunk("ABCD", [1, 2, 3]), lossy(4, 3))),
        ImageCase("damaged EXIF", webp(canvas(4, 3, flags: 8), lossy(4, 3), chunk("EXIF", [1]))),
    ])
    func reads(_ image: ImageCase) throws {
        #expect(try probe(image.bytes) == ImageFacts(kind: .webp, width: 4, height: 3))
    }

    @Test(arguments: [
        ImageCase("no picture", webp()), ImageCase("canvas alone", webp(canvas(4, 3))),
        ImageCase("canvas of another size", webp(canvas(4, 4), lossless(4, 3))),
        ImageCase("two pictures", webp(lossy(4, 3), lossy(4, 3))),
        ImageCase("two pictures on a canvas", webp(canvas(4, 3), lossy(4, 3), lossless(4, 3))),
        ImageCase("canvas twice", webp(canvas(4, 3), canvas(4, 3), lossy(4, 3))),
        ImageCase("canvas second", webp(lossy(4, 3), canvas(4, 3))),
        ImageCase("unknown first", webp(chunk("ABCD", []), lossy(4, 3))),
        ImageCase("animated", webp(canvas(4, 3, flags: 2), lossy(4, 3))),
        ImageCase("frames without the flag", webp(canvas(4, 3), chunk("ANMF", []), lossy(4, 3))),
        ImageCase("lossless of version 1", webp(lossless(4, 3, version: 1))),
        ImageCase("no key frame", webp(lossy(4, 3, tag: 3 << 5 | 1))),
        ImageCase("no start code", webp(lossy(4, 3, mark: 0))),
        ImageCase("partition over the end", webp(lossy(4, 3, tag: 4 << 5))),
        ImageCase("cut header", webp(chunk("VP8 ", [0, 0, 0]))), ImageCase("cut lossless", webp(chunk("VP8L", [0x2F]))),
    ])
    func refuses(_ image: ImageCase) { #expect(throws: ImageFault.unreadable) { try probe(image.bytes) } }

    @Test(arguments: [-9, -2, -1, 1, 2, 1 << 31])
    func aLyingLengthIsRefused(_ difference: Int) {
        var bytes = Self.webp(Self.lossy(4, 3))
        bytes.write(bytes.count - 8 + difference, little: 4, at: 4)
        #expect(throws: ImageFault.unreadable) { try probe(bytes) }
    }

    @Test func sizesUpToTheLimitAndBeyond() throws {
        #expect(try probe(Self.webp(Self.lossless(16_384, 3000))).width == 16_384)
        #expect(try probe(Self.webp(Self.lossy(16_383, 3000))).width == 16_383)
        #expect(throws: ImageFault.dimensions) { try probe(Self.webp(Self.lossless(16_384, 16_384))) }
        #expect(throws: ImageFault.dimensions) { try probe(Self.webp(Self.lossy(0, 3))) }
        #expect(throws: ImageFault.dimensions) { try probe(Self.webp(Self.lossy(4, 0))) }
    }

    @Test(arguments: 0...9, [true, false])
    func theOrientationIsRespected(_ orientation: Int, _ isBig: Bool) throws {
        for introduction in ["", "Exif\0\0"] {
            let note = Self.chunk("EXIF", Array(introduction.utf8) + exif(orientation, isBig: isBig))
            let facts = try probe(Self.webp(Self.canvas(4, 3, flags: 8), Self.lossy(4, 3), note))
            let isUpright = !(5...8).contains(orientation)
            #expect(facts == ImageFacts(kind: .webp, width: isUpright ? 4 : 3, height: isUpright ? 3 : 4))
        }
    }
}
