public import Core
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
    public let endedLeases: Int64
    public let returnedImages: Int64
    public let missingImages: [BlobID]
}

extension BackupDirectory {
    /// Puts a backup in place of the installation's database, which no program may have open, and brings back the image
    /// files that are gone.
    ///
    /// What stood there before is kept beside it, under another name.
    public func restore(
        _ name: String, to database: String, images: String, at now: Instant
    ) throws(BackupError) -> Restoration {
        let backup = try backup(name)
        try stored { () throws(StoreError) in
            try Store.expectKnownSchema(ofCopy: "\(directory.path)/\(name)/\(Self.database)")
        }
        let restoration = try Store.alone(at: database, refused: BackupError.store) { () throws(BackupError) in
            try replace(database, by: backup, images: Directory(images), at: now)
        }
        guard let restoration else { throw .inUse }
        return restoration
    }

    private func replace(
        _ database: String, by backup: Backup, images: Directory, at now: Instant
    ) throws(BackupError) -> Restoration {
        let (home, name) = Self.split(database)
        let aside = "\(name).replaced-\(now.rfc3339.replacing(":", with: "-"))"
        let wasThere = try files { () throws(FileError) in
            let wasThere = try home.entry(name) != nil
            // The log belongs to its database: apart, the newest commits are lost.
            for end in ["-wal", "-shm", ""] where try home.entry(name + end) != nil {
                try home.rename(name + end, to: aside + end)
            }
            try home.copy(
                Self.database, from: Directory("\(directory.path)/\(backup.name)"), as: name, by: temporary())
            return wasThere
        }
        let leases = try stored { () throws(StoreError) in try Store.settle(restored: database) }
        let lost: [KindTotal]? = wasThere ? Self.lost(in: home.path + "/" + aside, after: backup.lastEntry) : nil
        let (returned, missing) = try files { () throws(FileError) in try returnImages(of: backup, to: images) }
        return Restoration(
            backup: backup, replaced: wasThere ? home.path + "/" + aside : nil, lost: lost ?? [],
            isLossKnown: lost != nil, endedLeases: leases, returnedImages: returned, missingImages: missing)
    }

    /// `nil` if the replaced database cannot be read: that may be why it was replaced.
    private static func lost(in database: String, after entry: Int64) -> [KindTotal]? {
        do throws(StoreError) { return try Store.entries(of: database, after: entry) } catch { return nil }
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
