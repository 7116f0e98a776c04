private import Glibc

extension Directory {
    /// The directory of that path, made for this user alone unless it is there; the one above it must be.
    public static func made(at path: String) throws(FileError) -> Directory {
        if unsafe mkdir(path, 0o700) != 0, errno != EEXIST { throw FileError("mkdir") }
        return Directory(path)
    }

    /// Makes a directory in this one, for this user alone, unless it is there.
    public func makeDirectory(_ name: String) throws(FileError) -> Directory {
        try Self.made(at: place(name))
    }

    /// The names of the directories in this one, in no order.
    public func directories() throws(FileError) -> [String] {
        try names().filter { name in
            var facts = stat()
            return unsafe lstat(place(name), &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
        }
    }

    /// Removes a directory of this one together with the files in it.
    public func removeDirectory(_ name: String) throws(FileError) {
        let inner = Directory(place(name))
        for entry in try inner.entries() { try inner.remove(entry.name) }
        guard unsafe rmdir(place(name)) == 0 else { throw FileError("rmdir") }
    }

    /// Another name for a file or a directory; durable once the directory is synchronized.
    public func rename(_ name: String, to new: String) throws(FileError) {
        guard unsafe Glibc.rename(place(name), place(new)) == 0 else { throw FileError("rename") }
    }

    /// Hands over a file's content, piece by piece.
    public func forEachPiece(of name: String, _ body: (ArraySlice<UInt8>) throws(FileError) -> Void) throws(FileError) {
        let file = try OpenFile(place(name), O_RDONLY | O_NOFOLLOW)
        var offset = 0
        while true {
            let piece = try file.read(at: offset, count: 1 << 18)
            guard !piece.isEmpty else { return }
            try body(piece[...])
            offset += piece.count
        }
    }

    /// Brings a file of another directory into this one, durably once both the file and this directory are synchronized.
    ///
    /// Where both are on one disk it is one file under two names: fit for files that are never changed.
    ///
    /// - Parameter temporary: a name of nobody else's.
    public func adopt(_ name: String, from other: Directory, by temporary: String) throws(FileError) {
        if unsafe link(other.place(name), place(name)) == 0 || errno == EEXIST { return }
        switch errno {
        case EXDEV, EPERM, EMLINK: try copy(name, from: other, as: name, by: temporary)
        case _: throw FileError("link")
        }
    }

    /// The whole copy stands under its name, durably, or nothing of it.
    public func copy(
        _ name: String, from other: Directory, as new: String, by temporary: String
    ) throws(FileError) {
        let copy = try begin(temporary)
        try other.forEachPiece(of: name) { piece throws(FileError) in try copy.append(piece) }
        try copy.keep(as: new)
    }

    /// The whole text stands under the name, durably, or nothing of it.
    public func write(_ text: String, as name: String, by temporary: String) throws(FileError) {
        let file = try begin(temporary)
        try file.append(Array(text.utf8)[...])
        try file.keep(as: name)
    }
}
