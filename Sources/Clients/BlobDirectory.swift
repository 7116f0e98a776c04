public import Core
internal import Crypto
internal import Files

/// The image files: each under the SHA-256 of its content.
///
/// Whoever stores a file holds a shared lock until the database refers to it; whoever removes one holds the lock alone
/// while it asks the database. So nothing that is referred to is ever removed.
public struct BlobDirectory: Sendable {
    private static let lock = ".lock"
    private static let incoming = ".incoming-"

    private let directory: Directory
    private let random: @Sendable (Int) -> [UInt8]

    /// - Parameter random: so many bytes that nobody else has: an unfinished file is named after them.
    public init(path: String, random: @escaping @Sendable (Int) -> [UInt8]) {
        directory = Directory(path)
        self.random = random
    }

    /// Stores the bytes durably, then lets `commit` make the database refer to them.
    ///
    /// If it does not, the file may be nobody's: ``remove(_:unless:)`` takes it away again.
    public func store<Result>(
        _ bytes: [UInt8], commit: (BlobID) throws(StoreError) -> Result
    ) throws(BlobError) -> Result {
        try store([bytes]) { ids throws(StoreError) in try commit(ids[0]) }
    }

    /// The same for several, which the database refers to together.
    public func store<Result>(
        _ contents: [[UInt8]], commit: ([BlobID]) throws(StoreError) -> Result
    ) throws(BlobError) -> Result {
        var files: [IncomingFile] = []
        for content in contents {
            let file = try beginFile()
            try file.append(content[...])
            files.append(file)
        }
        return try IncomingFile.keep(files, commit)
    }

    /// Begins a content that comes piece by piece.
    public func begin() throws(BlobError) -> some IncomingBlob { try beginFile() }

    private func beginFile() throws(BlobError) -> IncomingFile {
        do throws(FileError) {
            let file = try directory.begin(Self.incoming + hexadecimal(random(16)))
            return IncomingFile(file, in: directory, lock: Self.lock)
        } catch {
            throw BlobError(error)
        }
    }

    public func read(_ id: BlobID, maximumBytes: Int) throws(BlobError) -> [UInt8] {
        do throws(FileError) {
            return try directory.read(id.text, maximumBytes: maximumBytes)
        } catch .absent {
            // Whatever was ever stored here left the lock as well: without it the disk is away, and not one file.
            guard try exists(named: Self.lock) else { throw .unavailable("the directory of images is empty") }
            throw .absent
        } catch {
            throw BlobError(error)
        }
    }

    public func exists(_ id: BlobID) throws(BlobError) -> Bool { try exists(named: id.text) }

    private func exists(named name: String) throws(BlobError) -> Bool {
        do throws(FileError) { return try directory.entry(name) != nil } catch { throw BlobError(error) }
    }

    public func path(of id: BlobID) -> String { directory.path + "/" + id.text }

    /// Removes those of the files that nobody refers to.
    ///
    /// - Returns: the removed ones.
    @discardableResult
    public func remove(
        _ ids: [BlobID], unless isReferenced: (BlobID) throws(StoreError) -> Bool
    ) throws(BlobError) -> [BlobID] {
        var removed: [BlobID] = []
        for id in ids where try removeOne(id, unless: isReferenced) { removed.append(id) }
        return removed
    }

    public struct Sweep: Equatable, Sendable {
        public let removed: [BlobID]
        /// Files that were begun and never finished, and are gone now.
        public let unfinished: Int

        public init(removed: [BlobID], unfinished: Int) {
            self.removed = removed
            self.unfinished = unfinished
        }
    }

    /// Removes what no upload in progress can need any more: files that nobody refers to, and unfinished ones.
    ///
    /// - Parameters:
    ///   - grace: younger ones stay.
    ///   - removing: whether to do it, or only to tell what would be removed.
    public func sweep(
        olderThan grace: Duration, at now: Instant, removing: Bool = true,
        unless isReferenced: (BlobID) throws(StoreError) -> Bool
    ) throws(BlobError) -> Sweep {
        let old = try entries().filter { Instant(rawValue: $0.modifiedMilliseconds).advanced(by: grace) < now }
        let unfinished = old.filter { $0.name.hasPrefix(Self.incoming) }
        let finished = old.compactMap { BlobID($0.name) }
        guard removing else {
            var removable: [BlobID] = []
            for id in finished where try !isWanted(id, isReferenced) { removable.append(id) }
            return Sweep(removed: removable, unfinished: unfinished.count)
        }
        return Sweep(
            removed: try remove(finished, unless: isReferenced), unfinished: try removeUnfinished(unfinished))
    }

    private func entries() throws(BlobError) -> [Directory.Entry] {
        do throws(FileError) { return try directory.entries() } catch { throw BlobError(error) }
    }

    private func removeUnfinished(_ entries: [Directory.Entry]) throws(BlobError) -> Int {
        var removed = 0
        do throws(FileError) {
            for entry in entries where try directory.removeUnfinished(entry.name) { removed += 1 }
        } catch {
            throw BlobError(error)
        }
        return removed
    }

    private func removeOne(
        _ id: BlobID, unless isReferenced: (BlobID) throws(StoreError) -> Bool
    ) throws(BlobError) -> Bool {
        // Asked once without the lock: it keeps every upload waiting.
        guard try !isWanted(id, isReferenced) else { return false }
        return try directory.holding(.exclusive, of: Self.lock, refused: BlobError.init) { () throws(BlobError) in
            guard try !isWanted(id, isReferenced) else { return false }
            do throws(FileError) { return try directory.remove(id.text) } catch { throw BlobError(error) }
        }
    }

    private func isWanted(
        _ id: BlobID, _ isReferenced: (BlobID) throws(StoreError) -> Bool
    ) throws(BlobError) -> Bool {
        do throws(StoreError) { return try isReferenced(id) } catch { throw .store(error) }
    }
}

extension BlobError {
    init(_ error: FileError) {
        switch error {
        case .absent: self = .absent
        case .full: self = .full
        case .tooLarge: self = .tooLarge
        case .failed(let reason): self = .unavailable(reason)
        }
    }
}
