public import Core
public import JSON

/// What a backup says of itself.
public struct Backup: Equatable, Sendable {
    public let createdAt: Instant
    public let schema: Int64
    /// The newest ledger entry's number, 0 without any.
    public let lastEntry: Int64
    public let users: Int64
    /// Of the copy of the database.
    public let bytes: Int64
    /// SHA-256, hexadecimal.
    public let databaseHash: String
    public let images: Int64
    public let imagesHash: String
    /// Image files that the database refers to and that were not there to be copied.
    public let missing: [String]
    /// What `ledger verify` said of the copy.
    public let faults: [String]

    /// Sorts by time, and is a name of a file on any disk.
    public var name: String { createdAt.rfc3339.replacing(":", with: "-") }
}

extension Backup {
    public var json: JSON {
        [
            "format": 1, "created_at": .string(createdAt.rfc3339), "schema": .integer(schema),
            "last_entry": .integer(lastEntry), "users": .integer(users), "bytes": .integer(bytes),
            "database_sha256": .string(databaseHash), "images": .integer(images),
            "images_sha256": .string(imagesHash), "missing_images": .array(missing.map(JSON.string)),
            "faults": .array(faults.map(JSON.string)),
        ]
    }

    /// `nil` if it is none of ours.
    init?(_ json: JSON) {
        guard json["format"] == 1, let time = json["created_at"]?.string.flatMap(PolarClock.init),
            let schema = json["schema"]?.integer, let lastEntry = json["last_entry"]?.integer,
            let users = json["users"]?.integer, let bytes = json["bytes"]?.integer,
            let databaseHash = json["database_sha256"]?.string, let images = json["images"]?.integer,
            let imagesHash = json["images_sha256"]?.string, let missing = json["missing_images"]?.array,
            let faults = json["faults"]?.array
        else { return nil }
        self.init(
            createdAt: time.instant, schema: schema, lastEntry: lastEntry, users: users, bytes: bytes,
            databaseHash: databaseHash, images: images, imagesHash: imagesHash, missing: missing.compactMap(\.string),
            faults: faults.compactMap(\.string))
    }
}
