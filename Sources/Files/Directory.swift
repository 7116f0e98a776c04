private import Glibc

/// The files that lie in one directory, by their names.
public struct Directory: Sendable {
    public let path: String

    public init(_ path: String) { self.path = path }

    public struct Entry: Equatable, Sendable {
        public let name: String
        public let bytes: Int64
        /// Of the last change: milliseconds since 1970.
        public let modifiedMilliseconds: Int64
    }

    /// Begins a file.
    ///
    /// - Parameter temporary: a name of nobody else's.
    public func begin(_ temporary: String) throws(FileError) -> UnfinishedFile {
        try UnfinishedFile(temporary, in: self)
    }

    /// Removes a file that was begun, unless somebody has it in hand.
    ///
    /// - Returns: whether it was there and is gone.
    public func removeUnfinished(_ temporary: String) throws(FileError) -> Bool {
        do throws(FileError) {
            let file = try OpenFile(place(temporary), O_RDONLY | O_NOFOLLOW)
            guard try file.lockAtOnce() else { return false }
            defer { extendLifetime(file) }
            return try remove(temporary)
        } catch .absent {
            return false
        }
    }

    /// Makes durable which names stand in the directory.
    public func synchronize() throws(FileError) {
        try OpenFile(path, O_RDONLY | O_DIRECTORY).synchronize()
    }

    public func read(_ name: String, maximumBytes: Int) throws(FileError) -> [UInt8] {
        try OpenFile(place(name), O_RDONLY | O_NOFOLLOW).read(maximumBytes: maximumBytes)
    }

    /// What is known of a file; `nil` if there is none.
    public func entry(_ name: String) throws(FileError) -> Entry? {
        var facts = stat()
        guard unsafe lstat(place(name), &facts) == 0 else {
            let error = FileError("lstat")
            guard error == .absent else { throw error }
            return nil
        }
        return Entry(name: name, facts)
    }

    /// Every file, in no order; directories are left out.
    public func entries() throws(FileError) -> [Entry] {
        try names().compactMap { name in
            var facts = stat()
            // One that vanished meanwhile is none.
            guard unsafe lstat(place(name), &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return nil }
            return Entry(name: name, facts)
        }
    }

    /// Of everything in it but itself and the one above, in no order.
    public func names() throws(FileError) -> [String] {
        guard let stream = unsafe opendir(path) else { throw FileError("opendir") }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let next = unsafe readdir(stream) else { break }
            let name = unsafe withUnsafePointer(to: &next.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw FileError("readdir") }
        return names
    }

    /// - Returns: whether it was there.
    @discardableResult
    public func remove(_ name: String) throws(FileError) -> Bool {
        guard unsafe unlink(place(name)) != 0 else { return true }
        let error = FileError("unlink")
        guard error == .absent else { throw error }
        return false
    }

    public enum Lock: Sendable { case shared, exclusive }

    private static let turnstile = ".turn"

    /// Holds the lock while `body` runs; the kernel gives it back when the process dies.
    ///
    /// Each call locks by an open file of its own, so threads exclude each other as processes do. All come through a second
    /// lock, which whoever waits for the first to be free of others keeps shut: so no stream of shared ones, each of which
    /// begins before the last ends, keeps an exclusive one out.
    ///
    /// Source: https://man7.org/linux/man-pages/man2/flock.2.html
    public func holding<Result, Failure: Error>(
        _ lock: Lock, of name: String, refused: (FileError) -> Failure, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let file: OpenFile
        do throws(FileError) {
            file = try OpenFile(place(name), O_RDWR | O_CREAT, mode: 0o660)
            let turnstile = try OpenFile(place(name + Self.turnstile), O_RDWR | O_CREAT, mode: 0o660)
            defer { extendLifetime(turnstile) }
            try turnstile.lock(LOCK_EX)
            switch lock {
            case .shared: try file.lock(LOCK_SH)
            case .exclusive: try file.lock(LOCK_EX)
            }
        } catch {
            throw refused(error)
        }
        defer { extendLifetime(file) }
        return try body()
    }

    func place(_ name: String) -> String {
        precondition(!name.isEmpty && name.utf8.allSatisfy { $0 != UInt8(ascii: "/") && $0 != 0 }, "No name of a file")
        return path + "/" + name
    }
}

extension Directory.Entry {
    fileprivate init(name: String, _ facts: stat) {
        self.name = name
        bytes = Int64(facts.st_size)
        modifiedMilliseconds = Int64(facts.st_mtim.tv_sec) * 1000 + Int64(facts.st_mtim.tv_nsec) / 1_000_000
    }
}
