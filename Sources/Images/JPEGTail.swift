extension JPEGPicture {
    /// Whether all that stands behind the picture is what cameras write there, announced in the way they do.
    ///
    /// An archive, page or program behind a picture makes the file two things at once, and is refused. Phones append
    /// too, though, and theirs are most of the photographs that people have: smaller pictures (depth, brightness)
    /// which `APP2` lists, Samsung's notes, Google's film of a second which the metadata announce, zeros to a round
    /// length. Nothing but these passes.
    func accounts(forTailOf bytes: ImageBytes) -> Bool {
        let tailEnd = SamsungTrailer.start(in: bytes) ?? bytes.count
        guard let body = bytes.part(0, tailEnd) else { return false }
        var position = end
        while position < tailEnd {
            let padded = position + body.zeros(from: position)
            if padded == tailEnd { return true }
            guard further.contains(padded), let rest = body.dropping(padded), let next = JPEGPicture(rest) else {
                return isMotionPhoto && isFilm(body, from: position, padding: padded - position)
            }
            position = padded + next.end
        }
        return position == tailEnd
    }

    /// An ISO base media file: the length of its first box begins with three zeros, which are no padding.
    private func isFilm(_ body: ImageBytes, from position: Int, padding: Int) -> Bool {
        guard padding >= 3, let film = body.dropping(position + padding - 3), film.has("ftyp", at: 4) else {
            return false
        }
        return ISOBox.all(in: film) != nil
    }
}

/// The list of further pictures in an `APP2` segment.
///
/// Source: https://www.cipa.jp/std/documents/download_e.html?DC-007-Translation-2021-E
enum MultiPictureIndex {
    /// Bytes from the start of `index`, which is a TIFF header.
    static func starts(in index: ImageBytes) -> [Int] {
        let number: (_ offset: Int, _ bytes: Int) -> Int?
        if index.has("II*\0", at: 0) {
            number = index.little
        } else if index.has("MM\0*", at: 0) {
            number = index.big
        } else {
            return []
        }
        guard let directory = number(4, 4), let count = number(directory, 2) else { return [] }
        for item in 0..<count {
            let entry = directory + 2 + 12 * item
            guard let tag = number(entry, 2) else { return [] }
            guard tag == 0xB002 else { continue }
            guard let length = number(entry + 4, 4), let list = number(entry + 8, 4),
                index.part(list, length) != nil
            else { return [] }
            // 16 bytes a picture: attributes, length, start, two dependencies. The first picture's start is 0.
            return stride(from: list, to: list + length - 15, by: 16).compactMap { number($0 + 8, 4) }.filter { $0 > 0 }
        }
        return []
    }
}

/// What Samsung's cameras write at the end: blocks, a directory of them, its length, `SEFT`.
///
/// Source: https://github.com/exiftool/exiftool/blob/master/lib/Image/ExifTool/Samsung.pm (ProcessSamsung)
enum SamsungTrailer {
    /// Where the first block starts; `nil` if there is no such trailer.
    static func start(in bytes: ImageBytes) -> Int? {
        let footer = bytes.count - 8
        guard bytes.has("SEFT", at: footer + 4), let length = bytes.little(footer, bytes: 4) else { return nil }
        let directory = footer - length
        guard bytes.has("SEFH", at: directory), let count = bytes.little(directory + 8, bytes: 4), count > 0,
            length >= 12 + 12 * count
        else { return nil }
        var first = directory
        for index in 0..<count {
            let entry = directory + 12 + 12 * index
            guard let back = bytes.little(entry + 4, bytes: 4), let size = bytes.little(entry + 8, bytes: 4),
                size <= back, back <= directory
            else { return nil }
            first = min(first, directory - back)
        }
        return first
    }
}
