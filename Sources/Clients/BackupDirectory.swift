public import Core
private import Crypto
public import Database
internal import Files
private import JSON

/// Copies of the database, each with the list of the image files that it refers to; the files themselves stand beside
/// them once, under their hashes.
///
/// ```
/// images/HASH                      shared by all backups
/// 2026-11-22T16-00-00.000Z/        one backup
///     credits.db  images.txt  manifest.json
/// ```
public struct BackupDirectory: Sendable {
    static let database = "credits.db"
    static let imageList = "images.txt"
    static let manifest = "manifest.json"
    private static let images = "images"
    private static let unfinished = ".unfinished-"

    let directory: Directory
    /// Of the installation.
    let file: any DatabaseFile
    private let random: @Sendable (Int) -> [UInt8]

    /// - Parameter random: so many bytes that nobody else has: what is unfinished is named after them.
    public init(path: String, of file: any DatabaseFile, random: @escaping @Sendable (Int) -> [UInt8]) {
        directory = Directory(path)
        self.file = file
        self.random = random
    }

    func temporary() -> String { Self.unfinished + hexadecimal(random(16)) }

    func images() throws(FileError) -> Directory { try directory.makeDirectory(Self.images) }

    /// The finished backups, newest first.
    public func names() throws(BackupError) -> [String] {
        try files { () throws(FileError) in
            try directory.directories().filter { $0 != Self.images && !$0.hasPrefix(".") }.sorted(by: >)
        }
    }

    /// Copies the database, and the image files that are not here yet, while everything runs.
    ///
    /// - Parameter keep: older backups than the newest so many go, and image files that only they referred to.
    public func create(images source: String, keep: Int, at now: Instant) throws(BackupError) -> Backup {
        precondition(keep >= 1)
        _ = try files { () throws(FileError) in try Directory.made(at: directory.path) }
        return try directory.holding(.exclusive, of: ".lock", refused: BackupError.init) { () throws(BackupError) in
            let temporary = temporary()
            let place = try files { () throws(FileError) in try directory.makeDirectory(temporary) }
            do throws(BackupError) {
                try stored(Store.copy(file, to: place.path + "/" + Self.database))
                let backup = try describe(place, images: Directory(source), at: now)
                try files { () throws(FileError) in
                    try place.write(backup.json.text + "\n", as: Self.manifest, by: self.temporary())
                    try directory.rename(temporary, to: backup.name)
                    try directory.synchronize()
                }
                try prune(keep: keep)
                return backup
            } catch {
                // What cannot be removed now goes with the next backup.
                try? directory.removeDirectory(temporary)
                throw error
            }
        }
    }

    private func describe(
        _ place: Directory, images source: Directory, at now: Instant
    ) throws(BackupError) -> Backup {
        let copy = file.another(at: place.path + "/" + Self.database)
        let facts = try stored(Store.facts(ofCopy: copy))
        let blobs = try stored(Store.blobs(ofCopy: copy))
        var missing: [BlobID] = []
        return try files { () throws(FileError) in
            let images = try images()
            for blob in blobs {
                do throws(FileError) {
                    try images.adopt(blob.text, from: source, by: temporary())
                } catch .absent {
                    // Its user deleted it since the copy was made, or it was lost before.
                    missing.append(blob)
                }
            }
            try images.synchronize()
            let list = blobs.map { $0.text + "\n" }.joined()
            try place.write(list, as: Self.imageList, by: temporary())
            let (bytes, hash) = try fingerprint(of: Self.database, in: place)
            return Backup(
                createdAt: now, schema: facts.schema, lastEntry: facts.lastEntry, users: facts.users, bytes: bytes,
                databaseHash: hash, images: Int64(blobs.count), imagesHash: hexadecimal(sha256(Array(list.utf8))),
                missing: missing.map(\.text), faults: facts.faults.map(\.description))
        }
    }

    private func fingerprint(of name: String, in place: Directory) throws(FileError) -> (bytes: Int64, hash: String) {
        let hash = SHA256()
        var bytes: Int64 = 0
        try place.forEachPiece(of: name) { piece throws(FileError) in
            hash.update(piece)
            bytes += Int64(piece.count)
        }
        return (bytes, hexadecimal(hash.finish()))
    }

    /// A backup by its name, with what it holds compared with its checksums.
    public func backup(_ name: String) throws(BackupError) -> Backup {
        guard try names().contains(name) else { throw .unknown(name) }
        let place = try files { () throws(FileError) in try directory.makeDirectory(name) }
        let text = try files { () throws(FileError) in try place.read(Self.manifest, maximumBytes: 16 << 20) }
        guard let json = try? JSON(text), let backup = Backup(json) else { throw .unreadable(Self.manifest) }
        let database = try files { () throws(FileError) in try fingerprint(of: Self.database, in: place) }
        guard database == (backup.bytes, backup.databaseHash) else { throw .damaged(Self.database) }
        let list = try files { () throws(FileError) in try fingerprint(of: Self.imageList, in: place) }
        guard list.hash == backup.imagesHash else { throw .damaged(Self.imageList) }
        return backup
    }

    /// The image files that a backup refers to.
    func blobs(of name: String) throws(FileError) -> [BlobID] {
        let bytes = try Directory(directory.path + "/" + name).read(Self.imageList, maximumBytes: 1 << 30)
        return bytes.split(separator: UInt8(ascii: "\n")).compactMap { BlobID(String(decoding: $0, as: UTF8.self)) }
    }

    private func prune(keep: Int) throws(BackupError) {
        let kept = Set(try names().prefix(keep))
        try files { () throws(FileError) in
            // Nobody else is at work here: what is unfinished was left by somebody who died.
            for name in try directory.directories() where name != Self.images && !kept.contains(name) {
                try directory.removeDirectory(name)
            }
            var wanted: Set<String> = []
            for name in kept { wanted.formUnion(try blobs(of: name).map(\.text)) }
            let images = try images()
            for entry in try images.entries() where !wanted.contains(entry.name) { try images.remove(entry.name) }
        }
    }
}

/// What went wrong with a backup or a restore.
public enum BackupError: Error, Equatable, Sendable, CustomStringConvertible {
    case store(StoreError)
    case files(String)
    case unknown(String)
    case unreadable(String)
    /// The file is not what its checksum says.
    case damaged(String)
    /// Some program has the database open.
    case inUse

    public var description: String {
        switch self {
        case .store(let error): error.description
        case .files(let reason): reason
        case .unknown(let name): "there is no backup \(name)"
        case .unreadable(let file): "\(file) cannot be read as what it should be"
        case .damaged(let file): "\(file) is not what its checksum says"
        case .inUse: "a program has the database open: stop them all first"
        }
    }
}

extension BackupError {
    init(_ error: FileError) { self = .files(error.description) }
}

func files<Result>(_ body: () throws(FileError) -> Result) throws(BackupError) -> Result {
    do throws(FileError) { return try body() } catch { throw BackupError(error) }
}

func stored<Result>(_ call: @autoclosure () throws(StoreError) -> Result) throws(BackupError) -> Result {
    do throws(StoreError) { return try call() } catch { throw .store(error) }
}
