internal import Core
internal import Crypto
internal import Files
internal import Images

/// A content on its way into the directory: written as it comes, and hashed on the way.
final class IncomingFile: IncomingBlob {
    private let file: UnfinishedFile
    private let directory: Directory
    private let lock: String
    private let hash = SHA256()
    private var id: BlobID?

    init(_ file: UnfinishedFile, in directory: Directory, lock: String) {
        self.file = file
        self.directory = directory
        self.lock = lock
    }

    var count: Int { file.count }

    func append(_ bytes: ArraySlice<UInt8>) throws(BlobError) {
        precondition(id == nil, "Its name is known already")
        hash.update(bytes)
        do throws(FileError) { try file.append(bytes) } catch { throw BlobError(error) }
    }

    func read(at offset: Int, count: Int) throws(ImageFileError) -> [UInt8] {
        do throws(FileError) { return try file.read(at: offset, count: count) } catch {
            throw ImageFileError(BlobError(error).description)
        }
    }

    func seal() -> BlobID {
        if let id { return id }
        let sealed = BlobID(digest: hash.finish())
        id = sealed
        return sealed
    }

    func keep<Result>(_ commit: (BlobID) throws(StoreError) -> Result) throws(BlobError) -> Result {
        try Self.keep([self]) { ids throws(StoreError) in try commit(ids[0]) }
    }

    /// Makes all of one directory durable, then lets `commit` make the database refer to them.
    static func keep<Result>(
        _ files: [IncomingFile], _ commit: ([BlobID]) throws(StoreError) -> Result
    ) throws(BlobError) -> Result {
        precondition(!files.isEmpty)
        let (directory, lock) = (files[0].directory, files[0].lock)
        return try directory.holding(.shared, of: lock, refused: BlobError.init) { () throws(BlobError) in
            do throws(FileError) { for file in files { try file.put() } } catch { throw BlobError(error) }
            do throws(StoreError) { return try commit(files.map { $0.seal() }) } catch { throw .store(error) }
        }
    }

    func discard() { file.discard() }

    private func put() throws(FileError) {
        let id = seal()
        if let entry = try directory.entry(id.text), entry.bytes == count {
            file.discard()
            // Whoever wrote it may have died before its name was durable.
            return try directory.synchronize()
        }
        try file.keep(as: id.text)
    }
}
