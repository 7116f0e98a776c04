public import Core
private import Database
private import Files

/// What a restore did, and what it could not bring back.
public struct Restoration: Equatable, Sendable {
    public let backup: Backup
    /// Where the database that stood there before is kept; `nil` if there was none.
    public let replaced: String?
    /// What the replaced database knew beyond the backup; empty if it could not be read.
    public let lost: [KindTotal]
    /// Whether the replaced database could be read.
    public let isLossKnown: Bool
    public let settled: Settled
    /// From where it is known who was revoked or forgotten since the backup; `nil`: it is not.
    public let source: Source?
    public let returnedImages: Int64
    public let missingImages: [BlobID]

    public enum Source: Equatable, Sendable {
        /// The database that stood there.
        case replaced
        /// A newer backup: nothing is known of after it.
        case backup(String)
    }
}

extension BackupDirectory {
    /// Puts a backup in place of the installation's database, which no program may have open, and brings back the image
    /// files that are gone.
    ///
    /// What stood there before is kept beside it, under another name.
    public func restore(
        _ name: String, images: String, at now: Instant
    ) throws(BackupError) -> Restoration {
        let backup = try backup(name)
        try stored(Store.expectKnownSchema(ofCopy: copy(in: name)))
        let restoration = try Store.alone(with: file, refused: BackupError.store) { () throws(BackupError) in
            try replace(by: backup, images: Directory(images), at: now)
        }
        guard let restoration else { throw .inUse }
        return restoration
    }

    private func copy(in name: String) -> any DatabaseFile {
        file.another(at: "\(directory.path)/\(name)/\(Self.database)")
    }

    private func replace(
        by backup: Backup, images: Directory, at now: Instant
    ) throws(BackupError) -> Restoration {
        let (home, name) = Self.split(file.path)
        let wasThere = try files { () throws(FileError) in try home.entry(name) != nil }
        // What stands there is read before anything moves: whoever is stopped in between begins anew.
        let lost =
            wasThere ? known { () throws(StoreError) in try Store.entries(of: file, after: backup.lastEntry) } : nil
        let newer = try newer(than: backup, database: wasThere ? file : nil)
        let (copy, aside) = (name + ".restoring", "\(name).replaced-\(now.rfc3339.replacing(":", with: "-"))")
        try files { () throws(FileError) in
            for end in ["-journal", ""] { try home.remove(copy + end) }
            try home.copy(Self.database, from: Directory("\(directory.path)/\(backup.name)"), as: copy, by: temporary())
        }
        let settled = try stored(
            Store.settle(file.another(at: home.path + "/" + copy), knowing: newer?.revocations, at: now))
        try files { () throws(FileError) in
            // The log belongs to its database: apart, the newest commits are lost.
            for end in ["-wal", "-shm", ""] where try home.entry(name + end) != nil {
                try home.rename(name + end, to: aside + end)
            }
            try home.rename(copy, to: name)
            try home.synchronize()
        }
        _ = try stored(Store.migrate(file))
        let (returned, missing) = try files { () throws(FileError) in try returnImages(of: backup, to: images) }
        return Restoration(
            backup: backup, replaced: wasThere ? home.path + "/" + aside : nil, lost: lost ?? [],
            isLossKnown: lost != nil, settled: settled, source: newer?.source, returnedImages: returned,
            missingImages: missing)
    }

    /// Who was revoked and forgotten since: the database that stood there knows it, or else the newest backup, up to its
    /// own time.
    private func newer(
        than backup: Backup, database: (any DatabaseFile)?
    ) throws(BackupError) -> (source: Restoration.Source, revocations: Revocations)? {
        let last = backup.lastEntry
        func revocations(in file: any DatabaseFile) -> Revocations? {
            known { () throws(StoreError) in try Store.revocations(in: file, after: last) } ?? nil
        }
        if let database, let found = revocations(in: database) { return (.replaced, found) }
        for name in try names() where name > backup.name {
            if let found = revocations(in: copy(in: name)) { return (.backup(name), found) }
        }
        return nil
    }

    /// `nil` if it cannot be read: that may be why it is replaced.
    private func known<Result>(_ body: () throws(StoreError) -> Result) -> Result? {
        do throws(StoreError) { return try body() } catch { return nil }
    }

    private func returnImages(
        of backup: Backup, to images: Directory
    ) throws(FileError) -> (returned: Int64, missing: [BlobID]) {
        let source = try self.images()
        var returned: Int64 = 0
        var missing: [BlobID] = []
        for blob in try blobs(of: backup.name) where try images.entry(blob.text) == nil {
            do throws(FileError) {
                try images.adopt(blob.text, from: source, by: temporary())
                returned += 1
            } catch .absent {
                missing.append(blob)
            }
        }
        try images.synchronize()
        return (returned, missing)
    }

    private static func split(_ path: String) -> (directory: Directory, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (Directory("."), path) }
        let directory = path[..<slash]
        return (Directory(directory.isEmpty ? "/" : String(directory)), String(path[path.index(after: slash)...]))
    }
}
