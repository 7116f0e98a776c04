import Images
import TestSupport
import Testing

/// Starts from one good JPEG and spoils it.
@Suite struct ImageJPEGTests {
    private static func frame(_ width: Int = 4, _ height: Int = 3, marker: UInt8 = 0xC0, bits: UInt8 = 8) -> [UInt8] {
        jpegSegment(marker, [bits] + big(height, 2) + big(width, 2) + [1, 1, 0x11, 0])
    }

    private static let start: [UInt8] = [0xFF, 0xD8]
    private static let scan = jpegSegment(0xDA, [1, 1, 0, 0, 63, 0]) + [0x12, 0xFF, 0x00, 0x34, 0xFF, 0xD0, 0x56]
    private static let end: [UInt8] = [0xFF, 0xD9]
    private static let plain = jpeg(frame(), scan)

    private static func jpeg(_ segments: [UInt8]...) -> [UInt8] { start + segments.flatMap(\.self) + end }

    @Test(arguments: [
        ImageCase("the least", plain), ImageCase("extended", jpeg(frame(marker: 0xC1), scan)),
        ImageCase("progressive", jpeg(frame(marker: 0xC2), scan, jpegSegment(0xC4, [1]), scan)),
        ImageCase("a comment", jpeg(jpegSegment(0xFE, Array("<html>".utf8)), frame(), scan)),
        ImageCase("fill bytes", jpeg([0xFF, 0xFF], frame(), scan, [0xFF, 0xFF])),
        ImageCase("zeros behind", plain + [0, 0, 0]),
        ImageCase("damaged EXIF", jpeg(jpegSegment(0xE1, Array("Exif\0\0MM\0*\0\0".utf8)), frame(), scan)),
        ImageCase(
            "EXIF at nowhere",
            jpeg(jpegSegment(0xE1, Array("Exif\0\0II*\0".utf8) + little(0xFFFF_FFFF, 4)), frame(), scan)
        ),
        ImageCase("an empty segment", jpeg(jpegSegment(0xE1, []), frame(), scan)),
    ])
    func reads(_ image: ImageCase) throws {
        #expect(try probe(image.bytes) == ImageFacts(kind: .jpeg, width: 4, height: 3))
    }

    @Test(arguments: [
        ImageCase("no frame", jpeg(scan)), ImageCase("no scan", jpeg(frame())),
        ImageCase("scan before frame", jpeg(scan, frame())),
        ImageCase("two frames", jpeg(frame(), frame(), scan)), ImageCase("no end", Array(plain.dropLast(2))),
        ImageCase("lossless", jpeg(frame(marker: 0xC3), scan)),
        ImageCase("arithmetic", jpeg(frame(marker: 0xC9), scan)),
        ImageCase("hierarchical", jpeg(jpegSegment(0xDE, [8]), frame(), scan)),
        ImageCase("12 bits", jpeg(frame(bits: 12), scan)),
        ImageCase("start inside", jpeg(start, frame(), scan)),
        ImageCase("restart outside", jpeg([0xFF, 0xD0], frame(), scan)),
        ImageCase("marker 0", jpeg([0xFF, 0x00], frame(), scan)),
        ImageCase("marker 1", jpeg([0xFF, 0x01], frame(), scan)),
        ImageCase("no marker", jpeg(jpegSegment(0xFE, []), [0x00], frame(), scan)),
        ImageCase("length 1", jpeg([0xFF, 0xE0, 0, 1], frame(), scan)),
        ImageCase("length 0", jpeg([0xFF, 0xE0, 0, 0], frame(), scan)),
        ImageCase("length over the end", jpeg(frame(), scan, [0xFF, 0xFE, 0xFF, 0xFF])),
        ImageCase("frame cut", jpeg(jpegSegment(0xC0, [8, 0, 3, 0, 4]), scan)),
        ImageCase("frame of no components", jpeg(jpegSegment(0xC0, [8, 0, 3, 0, 4, 0]), scan)),
        ImageCase(
            "frame of five components",
            jpeg(jpegSegment(0xC0, [8, 0, 3, 0, 4, 5] + Array(repeating: 1, count: 15)), scan)
        ),
        ImageCase("scan header cut", jpeg(frame(), jpegSegment(0xDA, [1]))),
        ImageCase("page behind", plain + Array("<html>".utf8)),
        ImageCase("archive behind", plain + Array("PK\u{3}\u{4}".utf8)),
        ImageCase("archive behind zeros", plain + [0, 0, 0x50, 0x4B]),
        ImageCase("film unannounced", plain + box("ftyp", Array("mp42\0\0\0\0".utf8)) + box("mdat", [1])),
        ImageCase("Samsung's mark alone", plain + Array("SEFT".utf8)),
    ])
    func refuses(_ image: ImageCase) { #expect(throws: ImageFault.unreadable) { try probe(image.bytes) } }

    @Test(arguments: [(0, 1), (1, 0), (65_535, 65_535), (30_000, 30_000)])
    func sizesBeyondTheLimit(_ width: Int, _ height: Int) {
        #expect(throws: ImageFault.dimensions) { try probe(Self.jpeg(Self.frame(width, height), Self.scan)) }
    }

    @Test func aRealPictureThatClaimsABombIsRefused() throws {
        var bytes = try Fixtures.bytes("images/baseline.jpg")
        let frame = try #require((0..<bytes.count).first { bytes[$0...].starts(with: [0xFF, 0xC0]) })
        bytes.write(30_000, big: 2, at: frame + 5)
        bytes.write(30_000, big: 2, at: frame + 7)
        #expect(throws: ImageFault.dimensions) { try probe(bytes) }
        #expect(try probe(bytes, maximumPixels: 900_000_000).width == 30_000)
    }

    @Test(arguments: 0...9, [true, false])
    func theOrientationIsRespected(_ orientation: Int, _ isBig: Bool) throws {
        let note = jpegSegment(0xE1, Array("Exif\0\0".utf8) + exif(orientation, isBig: isBig))
        let facts = try probe(Self.jpeg(note, Self.frame(), Self.scan))
        let isUpright = !(5...8).contains(orientation)
        #expect(facts == ImageFacts(kind: .jpeg, width: isUpright ? 4 : 3, height: isUpright ? 3 : 4))
    }

    @Test(arguments: 1...8)
    func theOrientationOfARealPictureIsRespected(_ orientation: Int) throws {
        var bytes = try Fixtures.bytes("images/orientation-6.jpg")
        let tiff = try #require(bytes.offset(of: "Exif\0\0")) + 6
        let number = bytes[tiff] == UInt8(ascii: "M") ? big : little
        let entry = try #require((tiff..<bytes.count).first { bytes[$0...].starts(with: number(0x0112, 2)) })
        bytes.replaceSubrange((entry + 8)..<(entry + 10), with: number(orientation, 2))
        let facts = try probe(bytes)
        #expect((facts.width, facts.height) == (orientation < 5 ? (24, 16) : (16, 24)))
    }
}

/// What cameras write behind the picture.
@Suite struct ImageJPEGTailTests {
    private static func picture(_ segment: [UInt8]) throws -> [UInt8] {
        let plain = try Fixtures.bytes("images/baseline.jpg")
        return Array(plain[..<2]) + segment + plain[2...]
    }

    /// An `APP2` segment that announces a second picture, `gap` bytes behind the first.
    private static func twoPictures(gap: [UInt8], isBig: Bool, shift: Int = 0) throws -> [UInt8] {
        let number = isBig ? big : little
        func index(_ start: Int) -> [UInt8] {
            let tiff = Array((isBig ? "MM\0*" : "II*\0").utf8) + number(8, 4) + number(1, 2)
            let entry = number(0xB002, 2) + number(7, 2) + number(32, 4) + number(26, 4) + number(0, 4)
            let list = number(0, 16) + number(0, 4) + number(370, 4) + number(start, 4) + number(0, 4)
            return jpegSegment(0xE2, Array("MPF\0".utf8) + tiff + entry + list)
        }
        let length = try picture(index(0)).count
        // Counted from the TIFF header: behind the start of the file, marker, length and name.
        return try picture(index(length + gap.count - 10 + shift)) + gap + Fixtures.bytes("images/baseline.jpg")
    }

    @Test(arguments: [true, false], [[], [0, 0, 0, 0]])
    func anAnnouncedPictureIsTaken(_ isBig: Bool, _ gap: [UInt8]) throws {
        let bytes = try Self.twoPictures(gap: gap, isBig: isBig)
        #expect(try probe(bytes) == ImageFacts(kind: .jpeg, width: 24, height: 16))
        #expect(try probe(bytes + [0, 0]) == ImageFacts(kind: .jpeg, width: 24, height: 16))
        #expect(throws: ImageFault.unreadable) { try probe(bytes + Array("PK".utf8)) }
        #expect(throws: ImageFault.unreadable) { try probe(bytes.dropLast(1)) }
    }

    @Test(arguments: [-1, 1])
    func aPictureElsewhereThanAnnouncedIsRefused(_ shift: Int) throws {
        let bytes = try Self.twoPictures(gap: [], isBig: false, shift: shift)
        #expect(throws: ImageFault.unreadable) { try probe(bytes) }
    }

    @Test func somethingBetweenTwoPicturesIsRefused() throws {
        let bytes = try Self.twoPictures(gap: Array("<html>".utf8), isBig: false)
        #expect(throws: ImageFault.unreadable) { try probe(bytes) }
    }

    @Test(arguments: ["GCamera:MotionPhoto=\"1\"", "GCamera:MicroVideo=\"1\""])
    func anAnnouncedFilmIsTaken(_ announcement: String) throws {
        let note = jpegSegment(0xE1, Array("http://ns.adobe.com/xap/1.0/\0<x \(announcement)/>".utf8))
        let film = box("ftyp", Array("mp42\0\0\0\0".utf8)) + box("moov", [1]) + box("mdat", [2, 3])
        let bytes = try Self.picture(note)
        #expect(try probe(bytes + film).width == 24)
        #expect(try probe(bytes + [0, 0] + film).width == 24)
        #expect(throws: ImageFault.unreadable) { try probe(bytes + film + [1]) }
        #expect(throws: ImageFault.unreadable) { try probe((bytes + film).dropLast(1)) }
        #expect(throws: ImageFault.unreadable) { try probe(bytes + film.dropFirst(1)) }
        #expect(throws: ImageFault.unreadable) { try probe(bytes + Array("PK\u{3}\u{4}".utf8)) }
    }

    /// One block of Samsung's, the directory, its length and the mark.
    private static func trailer(_ block: [UInt8], back: Int? = nil, count: Int = 1) -> [UInt8] {
        let entry = little(0x0A01_0000, 4) + little(back ?? block.count, 4) + little(block.count, 4)
        let directory = Array("SEFH".utf8) + little(107, 4) + little(count, 4) + entry
        return block + directory + little(directory.count, 4) + Array("SEFT".utf8)
    }

    @Test func samsungsNotesAreTaken() throws {
        let picture = try Fixtures.bytes("images/baseline.jpg")
        let block = little(0x0A01_0000, 4) + little(14, 4) + Array("Image_UTC_Data1447098927".utf8)
        #expect(try probe(picture + Self.trailer(block)).width == 24)
        // The first two bytes of a block are zeros, which alone are padding.
        for count in picture.count + 3..<(picture + Self.trailer(block)).count {
            #expect(throws: ImageFault.unreadable) { try probe(Array((picture + Self.trailer(block))[..<count])) }
        }
        for back in [0, block.count - 1, block.count + 1, 0xFFFF_FFFF] {
            #expect(throws: ImageFault.unreadable) { try probe(picture + Self.trailer(block, back: back)) }
        }
        for count in [0, 2, 0xFFFF_FFFF] {
            #expect(throws: ImageFault.unreadable) { try probe(picture + Self.trailer(block, count: count)) }
        }
        #expect(throws: ImageFault.unreadable) { try probe(picture + [1] + Self.trailer(block)) }
    }
}
