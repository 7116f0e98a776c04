import Images
import TestSupport
import Testing

/// Starts from one good PNG and spoils it.
@Suite struct ImagePNGTests {
    private static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    private static func header(
        _ width: Int = 4, _ height: Int = 3, depth: UInt8 = 8, color: UInt8 = 2, compression: UInt8 = 0,
        filter: UInt8 = 0, interlace: UInt8 = 0
    ) -> [UInt8] {
        pngChunk("IHDR", big(width, 4) + big(height, 4) + [depth, color, compression, filter, interlace])
    }

    private static func png(_ chunks: [UInt8]...) -> [UInt8] { signature + chunks.flatMap(\.self) }

    private static let pixels = pngChunk("IDAT", [1, 2, 3])
    private static let end = pngChunk("IEND")

    @Test func readsTheLeastPNG() throws {
        #expect(
            try probe(Self.png(Self.header(), Self.pixels, Self.end)) == ImageFacts(kind: .png, width: 4, height: 3))
    }

    @Test(arguments: [
        (1, 1), (65_535, 1), (1, 65_535), (50_000, 1000),
    ])
    func sizesUpToTheLimit(_ width: Int, _ height: Int) throws {
        let bytes = Self.png(Self.header(width, height), Self.pixels, Self.end)
        #expect(try probe(bytes) == ImageFacts(kind: .png, width: width, height: height))
    }

    @Test(arguments: [
        (0, 1), (1, 0), (0, 0), (65_536, 1), (1, 65_536), (65_535, 65_535), (30_000, 30_000), (50_000, 1001),
        (0x7FFF_FFFF, 0x7FFF_FFFF), (0xFFFF_FFFF, 0xFFFF_FFFF), (0x8000_0000, 2),
    ])
    func sizesBeyondTheLimit(_ width: Int, _ height: Int) {
        let bytes = Self.png(Self.header(width, height), Self.pixels, Self.end)
        #expect(throws: ImageFault.dimensions) { try probe(bytes) }
    }

    @Test(arguments: UInt8(0)...8)
    func everyColourTypeHasItsDepths(_ color: UInt8) {
        let palette = pngChunk("PLTE", [1, 2, 3])
        let depths: [UInt8: Set<UInt8>] = [
            0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16],
        ]
        for depth in UInt8(0)...32 {
            let bytes = Self.png(Self.header(depth: depth, color: color), palette, Self.pixels, Self.end)
            let facts = try? probe(bytes)
            #expect((facts != nil) == depths[color, default: []].contains(depth), "depth \(depth)")
        }
    }

    @Test(arguments: [
        ImageCase("no header", png(pixels, end)),
        ImageCase("header second", png(pngChunk("tEXt"), header(), pixels, end)),
        ImageCase("header twice", png(header(), header(), pixels, end)), ImageCase("no pixels", png(header(), end)),
        ImageCase("no end", png(header(), pixels)), ImageCase("pixels behind the end", png(header(), end, pixels)),
        ImageCase("end twice", png(header(), pixels, end, end)),
        ImageCase("end with data", png(header(), pixels, pngChunk("IEND", [0]))),
        ImageCase("palette missing", png(header(color: 3), pixels, end)),
        ImageCase("palette behind the pixels", png(header(), pixels, pngChunk("PLTE", [1, 2, 3]), end)),
        ImageCase(
            "palette twice", png(header(), pngChunk("PLTE", [1, 2, 3]), pngChunk("PLTE", [1, 2, 3]), pixels, end)),
        ImageCase("compression", png(header(compression: 1), pixels, end)),
        ImageCase("filter", png(header(filter: 1), pixels, end)),
        ImageCase("interlace", png(header(interlace: 2), pixels, end)),
        ImageCase("animation", png(header(), pngChunk("acTL"), pixels, end)),
        ImageCase("frame", png(header(), pixels, pngChunk("fdAT"), end)),
        ImageCase("control", png(header(), pngChunk("fcTL"), pixels, end)),
        ImageCase("needed and unknown", png(header(), pngChunk("ABCD"), pixels, end)),
        ImageCase("Apple's own", png(pngChunk("CgBI", [0]), header(), pixels, end)),
        ImageCase("a name with a digit", png(header(), pngChunk("te1t"), pixels, end)),
        ImageCase("short header", png(pngChunk("IHDR", big(4, 4) + big(3, 4)), pixels, end)),
    ])
    func refuses(_ image: ImageCase) { #expect(throws: ImageFault.unreadable) { try probe(image.bytes) } }

    @Test(arguments: ["IHDR", "IDAT", "IEND"])
    func aWrongCheckOfWhatCountsIsRefused(_ type: String) throws {
        var bytes = Self.png(Self.header(), Self.pixels, Self.end)
        let chunk = try #require(bytes.offset(of: type))
        let length = bytes[chunk - 1]
        bytes[chunk + 4 + Int(length)] ^= 1
        #expect(throws: ImageFault.unreadable) { try probe(bytes) }
    }

    @Test func aWrongCheckOfANoteIsPassedOver() throws {
        var note = pngChunk("tEXt", Array("a\0b".utf8))
        note[note.count - 1] ^= 1
        #expect(try probe(Self.png(Self.header(), note, Self.pixels, Self.end)).width == 4)
    }

    @Test(arguments: [0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 4, 2])
    func aLyingLengthIsRefused(_ length: Int) throws {
        var bytes = Self.png(Self.header(), Self.pixels, Self.end)
        let pixels = try #require(bytes.offset(of: "IDAT"))
        bytes.write(length, big: 4, at: pixels - 4)
        #expect(throws: ImageFault.unreadable) { try probe(bytes) }
    }

    @Test(arguments: 0...9, [true, false])
    func theOrientationIsRespected(_ orientation: Int, _ isBig: Bool) throws {
        let note = pngChunk("eXIf", exif(orientation, isBig: isBig))
        let facts = try probe(Self.png(Self.header(), note, Self.pixels, Self.end))
        let isUpright = !(5...8).contains(orientation)
        #expect(facts == ImageFacts(kind: .png, width: isUpright ? 4 : 3, height: isUpright ? 3 : 4))
    }
}
