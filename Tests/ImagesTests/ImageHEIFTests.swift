import Images
import TestSupport
import Testing

/// One HEIC picture, part by part; a row changes one of them.
struct HEIFFile: Sendable {
    var brands = "heic\0\0\0\0mif1heic"
    var primary = [UInt8](repeating: 0, count: 4) + big(1, 2)
    var item = box("infe", [2, 0, 0, 0] + big(1, 2) + big(0, 2) + Array("hvc1\0".utf8))
    /// Version, widths of the numbers, count, items.
    var location = [UInt8]([1, 0, 0, 0, 0x44, 0x00]) + big(1, 2) + HEIFFile.place(offset: 0, length: 8)
    var properties = [ispe(4, 3)]
    var associations: [UInt8] = [0, 0, 0, 0] + big(1, 4) + big(1, 2) + [1, 0x81]
    var before: [UInt8] = []
    var inMeta: [UInt8] = []

    init(_ change: (inout HEIFFile) -> Void = { _ in }) { change(&self) }

    /// Properties that the picture has besides its size.
    init(turning properties: [UInt8]...) {
        self.properties += properties
        associations = [0, 0, 0, 0] + big(1, 4) + big(1, 2) + [UInt8(properties.count + 1)]
        associations += (0...properties.count).map { 0x80 | UInt8($0 + 1) }
    }

    static func ispe(_ width: Int, _ height: Int) -> [UInt8] { box("ispe", big(0, 4) + big(width, 4) + big(height, 4)) }

    /// Item, method, file, number of extents, extent.
    static func place(offset: Int, length: Int, method: Int = 0, file: Int = 0) -> [UInt8] {
        big(1, 2) + big(method, 2) + big(file, 2) + big(1, 2) + big(offset, 4) + big(length, 4)
    }

    var bytes: [UInt8] {
        let parts = [
            box("hdlr", big(0, 8) + Array("pict".utf8) + big(0, 13)), box("pitm", primary),
            box("iinf", big(0, 4) + big(1, 2) + item), box("iloc", location),
            box("iprp", box("ipco", properties.flatMap(\.self)) + box("ipma", associations)), inMeta,
        ]
        return box("ftyp", Array(brands.utf8)) + before + box("meta", big(0, 4) + parts.flatMap(\.self))
            + box("mdat", [1, 2, 3])
    }
}

/// A file and the rule that it breaks.
struct HEIFCase: Sendable, CustomTestStringConvertible {
    let rule: String
    let file: HEIFFile

    init(_ rule: String, _ file: HEIFFile) {
        self.rule = rule
        self.file = file
    }

    init(_ rule: String, _ change: (inout HEIFFile) -> Void) { self.init(rule, HEIFFile(change)) }

    var testDescription: String { rule }
}

/// A file and how it is to be shown.
struct HEIFShown: Sendable {
    let width: Int
    let height: Int
    let file: HEIFFile

    init(_ width: Int, _ height: Int, _ file: HEIFFile) {
        self.width = width
        self.height = height
        self.file = file
    }
}

@Suite struct ImageHEIFTests {
    private static func clap(_ width: Int, _ widthUnit: Int, _ height: Int, _ heightUnit: Int) -> [UInt8] {
        box(
            "clap",
            big(width, 4) + big(widthUnit, 4) + big(height, 4) + big(heightUnit, 4) + big(0, 4) + big(1, 4) + big(0, 4)
                + big(1, 4))
    }

    @Test(arguments: [
        HEIFShown(4, 3, HEIFFile()), HEIFShown(4, 3, HEIFFile(turning: box("irot", [0]))),
        HEIFShown(3, 4, HEIFFile(turning: box("irot", [1]))),
        HEIFShown(4, 3, HEIFFile(turning: box("irot", [2]))), HEIFShown(3, 4, HEIFFile(turning: box("irot", [3]))),
        HEIFShown(4, 3, HEIFFile(turning: box("imir", [1]))),
        HEIFShown(4, 3, HEIFFile(turning: box("irot", [1]), box("irot", [1]))),
        HEIFShown(2, 3, HEIFFile(turning: clap(2, 1, 3, 1))), HEIFShown(2, 3, HEIFFile(turning: clap(5, 2, 3, 1))),
        HEIFShown(3, 2, HEIFFile(turning: clap(2, 1, 3, 1), box("irot", [1]))),
        HEIFShown(4, 3, HEIFFile(turning: box("abcd", []))),
        HEIFShown(4, 3, HEIFFile { $0.before = box("free", [1, 2]) }),
        HEIFShown(4, 3, HEIFFile { $0.inMeta = box("idat", [1]) }),
    ])
    func reads(_ shown: HEIFShown) throws {
        #expect(try probe(shown.file.bytes) == ImageFacts(kind: .heic, width: shown.width, height: shown.height))
    }

    @Test(arguments: [
        ("heic\0\0\0\0", ImageKind.heic), ("heix\0\0\0\0mif1", .heic), ("heim\0\0\0\0", .heic), ("heis\0\0\0\0", .heic),
        ("mif1\0\0\0\0mif1heic", .heif), ("mif1\0\0\0\0miafheix", .heif), ("heic\0\0\0\0mif1heicMiHBmsf1", .heic),
    ])
    func theBrandTellsTheKind(_ brands: String, _ kind: ImageKind) throws {
        #expect(try probe(HEIFFile { $0.brands = brands }.bytes).kind == kind)
    }

    @Test(arguments: [
        "avif\0\0\0\0mif1", "avis\0\0\0\0", "mif1\0\0\0\0avif", "mif1\0\0\0\0heicavif", "heic\0\0\0\0avif",
        "mif1\0\0\0\0",
        "msf1\0\0\0\0heic", "hevc\0\0\0\0heic", "hevx\0\0\0\0", "isom\0\0\0\0heic", "HEIC\0\0\0\0", "heic",
        "mif1\0\0\0\0\0heic",
    ])
    func otherBrandsAreNoPictures(_ brands: String) {
        #expect(throws: ImageFault.notAnImage) { try probe(HEIFFile { $0.brands = brands }.bytes) }
    }

    @Test(arguments: [
        HEIFCase("a film", { $0.before = box("moov") }),
        HEIFCase("two lists", { $0.before = box("meta", big(0, 4)) }),
        HEIFCase("a box over the end", { $0.before = big(0x7FFF_FFFF, 4) + Array("free".utf8) }),
        HEIFCase("a box of 7 bytes", { $0.before = big(7, 4) + Array("free".utf8) }),
        HEIFCase("a long box over the end", { $0.before = big(1, 4) + Array("free".utf8) + big(-1, 8) }),
        HEIFCase("a long box of 15 bytes", { $0.before = big(1, 4) + Array("free".utf8) + big(15, 8) }),
        HEIFCase("another primary", { $0.primary = big(0, 4) + big(2, 2) }),
        HEIFCase("no number for the primary", { $0.primary = big(0, 4) }),
        HEIFCase(
            "AV1 inside",
            HEIFFile { $0.item = box("infe", [2, 0, 0, 0] + big(1, 2) + big(0, 2) + Array("av01\0".utf8)) }
        ),
        HEIFCase(
            "JPEG inside",
            HEIFFile { $0.item = box("infe", [2, 0, 0, 0] + big(1, 2) + big(0, 2) + Array("jpeg\0".utf8)) }
        ),
        HEIFCase(
            "an old item",
            HEIFFile { $0.item = box("infe", [1, 0, 0, 0] + big(1, 2) + big(0, 2) + Array("hvc1\0".utf8)) }
        ),
        HEIFCase("data over the end", { $0.location.write(1 << 20, big: 4, at: 20) }),
        HEIFCase("data behind the end", { $0.location.write(1 << 20, big: 4, at: 16) }),
        HEIFCase("data elsewhere", { $0.location.write(1, big: 2, at: 12) }),
        HEIFCase("data in a box that is not there", { $0.location.write(1, big: 2, at: 10) }),
        HEIFCase("location cut", { $0.location.removeLast() }),
        HEIFCase("location of version 3", { $0.location[0] = 3 }),
        HEIFCase("numbers of 15 bytes", { $0.location[4] = 0xFF }), HEIFCase("no size", { $0.properties = [] }),
        HEIFCase("a size cut", { $0.properties = [box("ispe", big(0, 4))] }),
        HEIFCase("a property that is not there", { $0.associations[11] = 0x82 }),
        HEIFCase("no property", { $0.associations[11] = 0x80 }),
        HEIFCase("properties of another", { $0.associations[9] = 2 }),
        HEIFCase("properties cut", { $0.associations.removeLast() }),
        HEIFCase("turned before it has a size", { $0.properties = [box("irot", [1])] }),
        HEIFCase("cropped to more", HEIFFile(turning: clap(5, 1, 3, 1))),
        HEIFCase("cropped by nothing", HEIFFile(turning: clap(4, 0, 3, 1))),
    ])
    func refuses(_ spoiled: HEIFCase) {
        #expect(throws: ImageFault.unreadable) { try probe(spoiled.file.bytes) }
    }

    @Test(arguments: [
        HEIFFile { $0.properties = [HEIFFile.ispe(0, 3)] }, HEIFFile { $0.properties = [HEIFFile.ispe(65_536, 1)] },
        HEIFFile { $0.properties = [HEIFFile.ispe(0xFFFF_FFFF, 0xFFFF_FFFF)] },
        HEIFFile { $0.properties.append(HEIFFile.ispe(30_000, 30_000)) }, HEIFFile(turning: clap(1, 2, 3, 1)),
    ])
    func sizesBeyondTheLimit(_ file: HEIFFile) { #expect(throws: ImageFault.dimensions) { try probe(file.bytes) } }

    /// 65,535 items of 65,535 pieces that take no room in the list would keep a thread for minutes.
    @Test func piecesWithoutRoomAreNotCountedForEver() {
        let item = big(1, 2) + big(0, 2) + big(0, 2) + big(0xFFFF, 2)
        let bomb = HEIFFile { $0.location = [1, 0, 0, 0, 0, 0] + big(0xFFFF, 2) + (0..<0xFFFF).flatMap { _ in item } }
        #expect(throws: ImageFault.unreadable) { try probe(bomb.bytes) }
    }

    @Test func boxesWithoutRoomAreNotCountedForEver() {
        let few = HEIFFile { $0.before = (0..<9000).flatMap { _ in box("free") } }
        let many = HEIFFile { $0.before = (0..<10_000).flatMap { _ in box("free") } }
        #expect(throws: Never.self) { try probe(few.bytes) }
        #expect(throws: ImageFault.unreadable) { try probe(many.bytes) }
    }
}
