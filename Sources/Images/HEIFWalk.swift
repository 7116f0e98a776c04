/// What the first box of an ISO base media file says it is.
///
/// Source: https://www.iso.org/standard/83650.html (ISO/IEC 23008-12, 10 and annex B)
struct HEIFBrand {
    let kind: ImageKind

    /// More than any file has: each brand is compared with several.
    private static let maximumBytes = 1024

    /// `nil` for films, sequences of pictures, AVIF and everything else.
    init?(_ bytes: ImageBytes) {
        guard let box = ISOBox.first(in: bytes), box.isA("ftyp"), (8...Self.maximumBytes).contains(box.data.count)
        else { return nil }
        // The brand, a version, then the brands that it is compatible with.
        let compatible = stride(from: 8, to: box.data.count, by: 4)
        func names(_ brand: StaticString) -> Bool {
            box.data.has(brand, at: 0) || compatible.contains { box.data.has(brand, at: $0) }
        }
        guard !names("avif"), !names("avis") else { return nil }
        if Self.stills.contains(where: { box.data.has($0, at: 0) }) {
            kind = .heic
        } else if box.data.has("mif1", at: 0), Self.stills.contains(where: names) {
            kind = .heif
        } else {
            return nil
        }
    }

    private static let stills: [StaticString] = ["heic", "heix", "heim", "heis"]
}

/// HEIC and HEIF, over all boxes of the file and all items of its list.
///
/// Source: https://www.iso.org/standard/83650.html (ISO/IEC 23008-12)
enum HEIFWalk {
    static func size(of bytes: ImageBytes, within limit: PixelLimit) throws(ImageFault) -> PixelSize {
        guard let boxes = ISOBox.all(in: bytes), let meta = boxes.only("meta"),
            !boxes.contains(where: { $0.isA("moov") || $0.isA("moof") }),
            let parts = ISOBox.all(in: meta.data.dropping(4)), let primary = primaryItem(parts),
            let type = type(of: primary, parts), coded.contains(where: { type.has($0, at: 0) }),
            areItemsWhole(parts, in: bytes), let properties = parts.only("iprp").flatMap({ ISOBox.all(in: $0.data) }),
            let list = properties.only("ipco").flatMap({ ISOBox.all(in: $0.data) })
        else { throw .unreadable }

        // The tiles and the picture before it is cropped count too: they are what a decoder has to hold.
        for extent in list where extent.isA("ispe") {
            guard let size = size(extent) else { throw .unreadable }
            guard limit.allows(size) else { throw .dimensions }
        }
        guard let indexes = associations(of: primary, properties), let shown = shown(indexes.map { $0 - 1 }, list)
        else {
            throw .unreadable
        }
        return shown
    }

    /// A picture in HEVC, or one made of such.
    private static let coded: [StaticString] = ["hvc1", "grid", "iden", "iovl"]

    private static func primaryItem(_ parts: [ISOBox]) -> Int? {
        guard let box = parts.only("pitm"), let version = box.data[0] else { return nil }
        return box.data.big(4, bytes: version == 0 ? 2 : 4)
    }

    private static func type(of item: Int, _ parts: [ISOBox]) -> ImageBytes? {
        guard let box = parts.only("iinf"), let version = box.data[0],
            let entries = ISOBox.all(in: box.data.dropping(version == 0 ? 6 : 8))
        else { return nil }
        for entry in entries where entry.isA("infe") {
            guard let version = entry.data[0], version == 2 || version == 3 else { return nil }
            let width = version == 2 ? 2 : 4
            if entry.data.big(4, bytes: width) == item { return entry.data.part(4 + width + 2, 4) }
        }
        return nil
    }

    /// Whether every piece of every item lies in the file: a file cut between two boxes is found here.
    private static func areItemsWhole(_ parts: [ISOBox], in bytes: ImageBytes) -> Bool {
        guard let location = parts.only("iloc") else { return false }
        var reader = ISOReader(location.data)
        guard let version = reader.number(bytes: 1), version <= 2, reader.number(bytes: 3) != nil,
            let widths = reader.number(bytes: 2), let count = reader.number(bytes: version < 2 ? 2 : 4)
        else { return false }
        let inner = parts.only("idat")?.data.count ?? 0
        var pieces = 0
        for _ in 0..<count {
            guard reader.number(bytes: version < 2 ? 2 : 4) != nil,
                let method = version == 0 ? 0 : reader.number(bytes: 2), reader.number(bytes: 2) == 0,
                let base = reader.number(bytes: widths >> 4 & 0xF), let extents = reader.number(bytes: 2)
            else { return false }
            pieces += extents
            // A piece may take no room in the list: without an end a small file could ask for 2^32 of them.
            guard pieces <= ISOBox.maximumCount else { return false }
            let end =
                switch method & 0xF {
                case 0: bytes.count
                case 1: inner
                case _: Int.max
                }
            for _ in 0..<extents {
                guard version == 0 || reader.number(bytes: widths & 0xF) != nil,
                    let offset = reader.number(bytes: widths >> 12),
                    let length = reader.number(bytes: widths >> 8 & 0xF),
                    base + offset + length <= end
                else { return false }
            }
        }
        return true
    }

    /// Which properties an item has, counted from 1, in the order in which they apply.
    private static func associations(of item: Int, _ properties: [ISOBox]) -> [Int]? {
        for box in properties where box.isA("ipma") {
            var reader = ISOReader(box.data)
            guard let version = reader.number(bytes: 1), let flags = reader.number(bytes: 3),
                let count = reader.number(bytes: 4)
            else { return nil }
            let width = flags & 1 == 1 ? 2 : 1
            for _ in 0..<count {
                guard let owner = reader.number(bytes: version == 0 ? 2 : 4), let length = reader.number(bytes: 1)
                else {
                    return nil
                }
                var indexes: [Int] = []
                for _ in 0..<length {
                    guard let index = reader.number(bytes: width) else { return nil }
                    // The top bit says whether a reader must know the property.
                    indexes.append(index & (width == 2 ? 0x7FFF : 0x7F))
                }
                if owner == item { return indexes.filter { $0 > 0 } }
            }
        }
        return nil
    }

    /// The size of a picture after its properties have cropped and turned it.
    private static func shown(_ indexes: [Int], _ properties: [ISOBox]) -> PixelSize? {
        var shown: PixelSize?
        for index in indexes {
            guard properties.indices.contains(index) else { return nil }
            let property = properties[index]
            if property.isA("ispe"), shown == nil {
                shown = size(property)
            } else if property.isA("clap") {
                guard let uncropped = shown, let cropped = cropped(uncropped, by: property) else { return nil }
                shown = cropped
            } else if property.isA("irot") {
                guard let upright = shown, let quarters = property.data[0] else { return nil }
                if quarters & 1 == 1 { shown = PixelSize(width: upright.height, height: upright.width) }
            }
        }
        return shown
    }

    private static func size(_ extent: ISOBox) -> PixelSize? {
        guard let width = extent.data.big(4, bytes: 4), let height = extent.data.big(8, bytes: 4) else { return nil }
        return PixelSize(width: width, height: height)
    }

    /// Width and height of a clean aperture are fractions; its position does not matter here.
    private static func cropped(_ size: PixelSize, by aperture: ISOBox) -> PixelSize? {
        guard let width = aperture.data.big(0, bytes: 4), let widthUnit = aperture.data.big(4, bytes: 4), widthUnit > 0,
            let height = aperture.data.big(8, bytes: 4), let heightUnit = aperture.data.big(12, bytes: 4),
            heightUnit > 0
        else { return nil }
        let cropped = PixelSize(width: width / widthUnit, height: height / heightUnit)
        return cropped.width <= size.width && cropped.height <= size.height ? cropped : nil
    }
}
