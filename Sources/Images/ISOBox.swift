/// One box of an ISO base media file: HEIC, and the films behind some JPEGs.
///
/// Source: https://www.iso.org/standard/83102.html (ISO/IEC 14496-12, 4.2)
struct ISOBox {
    /// Its four characters, read once: asking many boxes for their names must not read the file again.
    private let name: Int
    /// What the box holds, without its header.
    let data: ImageBytes
    /// In bytes, with the header.
    let length: Int

    /// More boxes, items or properties than any picture has; an end to lists whose elements take no room.
    static let maximumCount = 10_000

    /// `nil` unless the whole box is there.
    private init?(in bytes: ImageBytes, at position: Int) {
        guard let short = bytes.big(position, bytes: 4), let name = bytes.big(position + 4, bytes: 4) else {
            return nil
        }
        var header = 8
        var length = short
        if short == 0 {
            length = bytes.count - position
        } else if short == 1 {
            guard let long = bytes.big(position + 8, bytes: 8) else { return nil }
            header = 16
            length = long
        }
        guard let data = bytes.part(position + header, length - header) else { return nil }
        self.name = name
        self.data = data
        self.length = length
    }

    func isA(_ type: StaticString) -> Bool { "\(type)".utf8.reduce(0) { $0 << 8 | Int($1) } == name }

    /// The boxes that fill `bytes` to the last one; `nil` if they do not.
    static func all(in bytes: ImageBytes?) -> [ISOBox]? {
        guard let bytes else { return nil }
        var boxes: [ISOBox] = []
        var position = 0
        while position < bytes.count {
            guard boxes.count < maximumCount, let box = ISOBox(in: bytes, at: position) else { return nil }
            boxes.append(box)
            position += box.length
        }
        return boxes
    }

    /// The first box, whatever follows it.
    static func first(in bytes: ImageBytes) -> ISOBox? { ISOBox(in: bytes, at: 0) }
}

extension [ISOBox] {
    /// The box of that type; `nil` if there is none or another.
    func only(_ type: StaticString) -> ISOBox? {
        let matching = filter { $0.isA(type) }
        return matching.count == 1 ? matching[0] : nil
    }
}

/// Reads numbers one behind the other.
struct ISOReader {
    private let bytes: ImageBytes
    private var position = 0

    init(_ bytes: ImageBytes) { self.bytes = bytes }

    /// The most significant byte first; no bytes are 0.
    mutating func number(bytes count: Int) -> Int? {
        guard let number = bytes.big(position, bytes: count) else { return nil }
        position += count
        return number
    }

    /// What has not been read.
    var rest: ImageBytes? { bytes.dropping(position) }
}
