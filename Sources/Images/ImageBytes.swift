/// Bytes counted from 0. A read beyond the end is `nil` and never ends the process.
struct ImageBytes {
    private let source: ImageSource
    private let start: Int
    let count: Int

    init(_ source: ImageSource) { self.init(source, 0, source.count) }

    private init(_ source: ImageSource, _ start: Int, _ count: Int) {
        (self.source, self.start, self.count) = (source, start, count)
    }

    /// Those from `offset` on, as many as `count`; `nil` if there are fewer.
    func part(_ offset: Int, _ count: Int) -> ImageBytes? {
        guard offset >= 0, count >= 0, offset <= self.count, count <= self.count - offset else { return nil }
        return ImageBytes(source, start + offset, count)
    }

    /// Those from `offset` to the end.
    func dropping(_ offset: Int) -> ImageBytes? { part(offset, count - offset) }

    /// A byte, or `nil` beyond the end.
    subscript(offset: Int) -> UInt8? {
        offset >= 0 && offset < count ? source.byte(at: start + offset) : nil
    }

    /// Up to eight bytes as one number, the most significant first; `nil` from 2^56 on, so that sums have room.
    func big(_ offset: Int, bytes count: Int) -> Int? {
        guard let part = part(offset, count), count < 8 || (count == 8 && part[0] == 0) else { return nil }
        var number = 0
        for index in 0..<count {
            guard let byte = part[index] else { return nil }
            number = number << 8 | Int(byte)
        }
        return number
    }

    /// Up to seven bytes as one number, the least significant first.
    func little(_ offset: Int, bytes count: Int) -> Int? {
        guard let part = part(offset, count), count < 8 else { return nil }
        var number = 0
        for index in (0..<count).reversed() {
            guard let byte = part[index] else { return nil }
            number = number << 8 | Int(byte)
        }
        return number
    }

    /// Whether exactly these characters stand at `offset`.
    func has(_ text: StaticString, at offset: Int) -> Bool { has(Array("\(text)".utf8), at: offset) }

    func has(_ wanted: [UInt8], at offset: Int) -> Bool {
        guard let part = part(offset, wanted.count) else { return false }
        return wanted.indices.allSatisfy { part[$0] == wanted[$0] }
    }

    /// Whether these characters stand anywhere.
    func contains(_ text: StaticString) -> Bool {
        let wanted = Array("\(text)".utf8)
        var position = 0
        while let found = next(wanted[0], from: position) {
            if has(wanted, at: found) { return true }
            position = found + 1
        }
        return false
    }

    /// Where the byte next stands, from `offset` on.
    func next(_ byte: UInt8, from offset: Int) -> Int? {
        var found: Int?
        pieces(from: offset) { position, piece in
            found = piece.firstIndex(of: byte).map { position + $0 - piece.startIndex }
            return found == nil
        }
        return found
    }

    /// How many bytes from `offset` on are 0.
    func zeros(from offset: Int) -> Int {
        var zeros = 0
        pieces(from: offset) { _, piece in
            let leading = piece.prefix { $0 == 0 }.count
            zeros += leading
            return leading == piece.count
        }
        return zeros
    }

    /// The check that PNG has, and zip and Ethernet.
    ///
    /// Source: https://www.w3.org/TR/png-3/#D-CRCAppendix
    var crc32: UInt32 {
        let table = Self.crcTable
        var crc: UInt32 = 0xFFFF_FFFF
        pieces(from: 0) { _, piece in
            crc = piece.reduce(crc) { crc, byte in table[Int((crc ^ UInt32(byte)) & 0xFF)] ^ crc >> 8 }
            return true
        }
        return ~crc
    }

    /// All from `offset` on, each piece with its offset, as long as `take` wants more.
    private func pieces(from offset: Int, _ take: (_ offset: Int, _ piece: ArraySlice<UInt8>) -> Bool) {
        guard offset >= 0 else { return }
        var position = offset
        while position < count {
            let piece = source.piece(at: start + position).prefix(count - position)
            guard !piece.isEmpty, take(position, piece) else { return }
            position += piece.count
        }
    }

    private static let crcTable: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { crc, _ in crc & 1 == 1 ? 0xEDB8_8320 ^ crc >> 1 : crc >> 1 }
    }
}
