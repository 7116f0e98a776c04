import Images
import TestSupport
import Testing

/// A small picture that a real program wrote, and what is true of it.
struct ImageFixture: Sendable, CustomTestStringConvertible {
    let file: String
    let facts: ImageFacts

    init(_ file: String, _ kind: ImageKind, _ width: Int = 24, _ height: Int = 16) {
        self.file = file
        facts = ImageFacts(kind: kind, width: width, height: height)
    }

    var testDescription: String { file }

    func bytes() throws -> [UInt8] { try Fixtures.bytes("images/\(file)") }

    /// Written by ImageMagick, exiftool, cwebp and heif-enc. No encoder here turns or crops HEIC by property: those
    /// two were edited, and libheif and libvips show them with these sizes.
    static let all = [
        ImageFixture("colour.png", .png), ImageFixture("interlaced.png", .png), ImageFixture("deep.png", .png),
        ImageFixture("palette.png", .png), ImageFixture("orientation-6.png", .png, 16, 24),
        ImageFixture("baseline.jpg", .jpeg), ImageFixture("progressive.jpg", .jpeg), ImageFixture("grey.jpg", .jpeg),
        ImageFixture("orientation-6.jpg", .jpeg, 16, 24),
        ImageFixture("lossy.webp", .webp), ImageFixture("lossless.webp", .webp), ImageFixture("alpha.webp", .webp),
        ImageFixture("orientation-6.webp", .webp, 16, 24),
        ImageFixture("plain.heic", .heic), ImageFixture("rotated.heic", .heic, 16, 24),
        ImageFixture("cropped.heic", .heic, 15, 21), ImageFixture("plain.heif", .heif),
    ]
}

/// A file made for one rule, and the rule.
struct ImageCase: Sendable, CustomTestStringConvertible {
    let rule: String
    let bytes: [UInt8]

    init(_ rule: String, _ bytes: [UInt8]) {
        self.rule = rule
        self.bytes = bytes
    }

    var testDescription: String { rule }
}

/// What the probe says of an array, and of a file with that content.
func probe(_ bytes: [UInt8], maximumPixels: Int = 50_000_000) throws(ImageFault) -> ImageFacts {
    let file = Result { () throws(ImageFault) in
        try ImageProbe.facts(of: PictureFile(bytes), maximumPixels: maximumPixels)
    }
    let array = Result { () throws(ImageFault) in
        try ImageProbe.facts(of: bytes[...], maximumPixels: maximumPixels)
    }
    if file != array { Issue.record("\(file) and \(array) of \(bytes.count) bytes") }
    return try array.get()
}

/// A picture that is read as if it lay in a file.
final class PictureFile: ImageFile {
    private let bytes: [UInt8]
    /// The read of this number fails.
    private let readsToFailure: Int?
    private(set) var reads: [Range<Int>] = []

    init(_ bytes: [UInt8], failingAt read: Int? = nil) {
        self.bytes = bytes
        readsToFailure = read
    }

    var count: Int { bytes.count }

    func read(at offset: Int, count: Int) throws(ImageFileError) -> [UInt8] {
        if reads.count == readsToFailure { throw ImageFileError("I/O error") }
        let end = min(offset + count, bytes.count)
        reads.append(offset..<end)
        return Array(bytes[offset..<end])
    }
}

extension [UInt8] {
    /// The numbers of bytes below which `text` stands.
    func offset(of text: String, after start: Int = 0) -> Int? {
        let wanted = Array(text.utf8)
        return (start..<Swift.max(start, count - wanted.count + 1)).first { self[$0...].starts(with: wanted) }
    }

    mutating func write(_ value: Int, big count: Int, at offset: Int) {
        for index in 0..<count { self[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * (count - 1 - index))) }
    }

    mutating func write(_ value: Int, little count: Int, at offset: Int) {
        for index in 0..<count { self[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
    }
}

/// `count` bytes, the most significant first.
func big(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * (count - 1 - $0))) }
}

/// `count` bytes, the least significant first.
func little(_ value: Int, _ count: Int) -> [UInt8] { big(value, count).reversed() }

/// PNG's check of a chunk, bit by bit: slower than the product's, and written without looking at it.
func crc(_ bytes: some Sequence<UInt8>) -> Int {
    var crc: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
        crc ^= UInt32(byte)
        for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return Int(~crc)
}

func pngChunk(_ type: String, _ data: [UInt8] = []) -> [UInt8] {
    big(data.count, 4) + Array(type.utf8) + data + big(crc(Array(type.utf8) + data), 4)
}

/// A TIFF block with one entry: the orientation.
func exif(_ orientation: Int, isBig: Bool) -> [UInt8] {
    let number = isBig ? big : little
    return Array((isBig ? "MM\0*" : "II*\0").utf8) + number(8, 4) + number(1, 2) + number(0x0112, 2) + number(3, 2)
        + number(1, 4) + number(orientation, 2) + [0, 0] + number(0, 4)
}

func jpegSegment(_ marker: UInt8, _ data: [UInt8]) -> [UInt8] { [0xFF, marker] + big(data.count + 2, 2) + data }

func box(_ type: String, _ data: [UInt8] = []) -> [UInt8] { big(data.count + 8, 4) + Array(type.utf8) + data }
