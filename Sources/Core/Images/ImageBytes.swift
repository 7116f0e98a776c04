/// Bytes counted from 0. A read beyond the end is `nil` and never ends the process.
struct ImageBytes {
    private let bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    var count: Int { bytes.count }

    /// Those from `offset` on, as many as `count`; `nil` if there are fewer.
    func part(_ offset: Int, _ count: Int) -> ImageBytes? {
        guard offset >= 0, count >= 0, offset <= bytes.count, count <= bytes.count - offset else { return nil }
        let start = bytes.startIndex + offset
        return ImageBytes(bytes[start..<(start + count)])
    }

    /// Those from `offset` to the end.
    func dropping(_ offset: Int) -> ImageBytes? { part(offset, bytes.count - offset) }

    /// A byte, or `nil` beyond the end.
    subscript(offset: Int) -> UInt8? {
        offset >= 0 && offset < bytes.count ? bytes[bytes.startIndex + offset] : nil
    }

    /// Up to eight bytes as one number, the most significant first; `nil` from 2^56 on, so that sums have room.
    func big(_ offset: Int, bytes count: Int) -> Int? {
        guard let part = part(offset, count), count < 8 || (count == 8 && part[0] == 0) else { return nil }
        return part.bytes.reduce(0) { $0 << 8 | Int($1) }
    }

    /// Up to seven bytes as one number, the least significant first.
    func little(_ offset: Int, bytes count: Int) -> Int? {
        guard let part = part(offset, count), count < 8 else { return nil }
        return part.bytes.reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    /// Whether exactly these characters stand at `offset`.
    func has(_ text: StaticString, at offset: Int) -> Bool {
        guard let part = part(offset, text.utf8CodeUnitCount) else { return false }
        return part.bytes.elementsEqual("\(text)".utf8)
    }

    /// Whether these characters stand anywhere.
    func contains(_ text: StaticString) -> Bool {
        let wanted = Array("\(text)".utf8)
        var start = bytes.startIndex
        while let found = bytes[start...].firstIndex(of: wanted[0]) {
            if bytes[found...].starts(with: wanted) { return true }
            start = found + 1
        }
        return false
    }

    /// Where the byte next stands, from `offset` on.
    func next(_ byte: UInt8, from offset: Int) -> Int? {
        guard offset >= 0, offset <= bytes.count else { return nil }
        return bytes[(bytes.startIndex + offset)...].firstIndex(of: byte).map { $0 - bytes.startIndex }
    }

    /// How many bytes from `offset` on are 0.
    func zeros(from offset: Int) -> Int { dropping(offset)?.bytes.prefix { $0 == 0 }.count ?? 0 }

    /// The check that PNG has, and zip and Ethernet.
    ///
    /// Source: https://www.w3.org/TR/png-3/#D-CRCAppendix
    var crc32: UInt32 {
        let table = Self.crcTable
        return ~bytes.reduce(0xFFFF_FFFF) { crc, byte in table[Int((crc ^ UInt32(byte)) & 0xFF)] ^ crc >> 8 }
    }

    private static let crcTable: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { crc, _ in crc & 1 == 1 ? 0xEDB8_8320 ^ crc >> 1 : crc >> 1 }
    }
}
