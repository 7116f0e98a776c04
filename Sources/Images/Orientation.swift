/// How a picture is to be turned before it is shown: EXIF's tag 0x0112, 1 to 8.
///
/// Source: https://www.cipa.jp/std/documents/download_e.html?DC-008-Translation-2023-E
struct Orientation: Equatable {
    private let value: Int

    static let upright = Orientation(value: 1)

    private init(value: Int) { self.value = value }

    /// From a TIFF header on. A damaged block is none, as for every viewer: it never fails the picture.
    init?(exif: ImageBytes) {
        let number: (_ offset: Int, _ bytes: Int) -> Int?
        if exif.has("II*\0", at: 0) {
            number = exif.little
        } else if exif.has("MM\0*", at: 0) {
            number = exif.big
        } else {
            return nil
        }
        guard let directory = number(4, 4), let count = number(directory, 2) else { return nil }
        for index in 0..<count {
            let entry = directory + 2 + 12 * index
            guard let tag = number(entry, 2) else { return nil }
            guard tag == 0x0112 else { continue }
            // One SHORT stands in the entry itself.
            guard number(entry + 2, 2) == 3, number(entry + 4, 4) == 1, let value = number(entry + 8, 2),
                (1...8).contains(value)
            else { return nil }
            self.value = value
            return
        }
        return nil
    }

    var swapsSides: Bool { value >= 5 }
}
