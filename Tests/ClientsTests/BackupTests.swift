import Clients
import Core
import Crypto
import Foundation
import Images
import SQLite
import TestSupport
import Testing

/// A backup brings back what was there, says what it cannot, and never replaces what is in use.
@Suite struct BackupTests {
    private let temporary: TemporaryDirectory
    private let images: BlobDirectory
    private let backups: BackupDirectory
    private static let start = Instant(unixSeconds: 1_800_000_000)

    private var database: String { temporary.path + "/credits.db" }
    private var imagePath: String { temporary.path + "/images" }
    private var backupPath: String { temporary.path + "/backups" }

    init() throws {
        temporary = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: temporary.path + "/images", withIntermediateDirectories: true)
        images = BlobDirectory(path: temporary.path + "/images", random: randomBytes)
        backups = BackupDirectory(
            path: temporary.path + "/backups", of: SQLiteFile(temporary.path + "/credits.db"), random: randomBytes)
        _ = try Store.migrate(SQLiteFile(temporary.path + "/credits.db"))
    }

    private func store() throws -> Store {
        try Store(at: SQLiteFile(database)) { Issue.record("the store broke: \($0)") }
    }

    private func at(_ seconds: Int64) -> Instant { Self.start.advanced(by: .seconds(seconds)) }

    private func user(_ name: String) throws -> UserID { try #require(UserID(name)) }

    /// One picture of that byte, charged to ada.
    private func submit(_ byte: UInt8, to store: Store) throws -> BlobID {
        let facts = ImageFacts(kind: .jpeg, width: 640, height: 480)
        let ada = try user("ada")
        return try images.store([byte]) { blob throws(StoreError) in
            _ = try store.generations.submit(
                Generation.ID(random: .init(repeating: byte, count: 16)),
                of: StoredImage(blob: blob, bytes: 1, facts: facts), for: Profile(user: ada),
                at: Self.start)
            return blob
        }
    }

    private func create(_ store: Store, keep: Int = 3, at seconds: Int64 = 0) throws -> Backup {
        try backups.create(images: imagePath, keep: keep, at: at(seconds))
    }

    private func files(_ path: String) throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: path)).subtracting([".lock"])
    }

    private func balance(_ store: Store) throws -> Int64? {
        try store.people.account(of: user("ada"), at: Self.start)?.balance.rawValue
    }

    @Test func aBackupHoldsTheDatabaseAndItsImageFiles() throws {
        let store = try store()
        let blob = try submit(1, to: store)
        let backup = try create(store)
        #expect(backup.faults == [] && backup.missing == [])
        #expect(backup.users == 1 && backup.images == 1 && backup.lastEntry == 2)
        #expect(try backups.names() == ["2027-01-15T08-00-00.000Z"])
        #expect(try files(backupPath + "/images") == [blob.text])
        #expect(try files(backupPath + "/" + backup.name) == ["credits.db", "images.txt", "manifest.json"])
        #expect(try backups.backup(backup.name) == backup)
    }

    @Test func resultAndThumbnailAreImageFilesToo() throws {
        let store = try store()
        let input = try submit(1, to: store)
        guard case .job(let job) = try store.jobs.claim(for: .seconds(60), at: Self.start) else {
            Issue.record("there is no job")
            return
        }
        let facts = ImageFacts(kind: .webp, width: 640, height: 480)
        let made = try images.store([[2], [3]]) { blobs throws(StoreError) in
            let made = blobs.map { StoredImage(blob: $0, bytes: 1, facts: facts) }
            _ = try store.jobs.complete(job, with: made[0], thumbnail: made[1], at: Self.start)
            return blobs
        }
        #expect(try create(store).images == 3)
        #expect(try files(backupPath + "/images") == Set((made + [input]).map(\.text)))
    }

    @Test func anImageFileThatIsGoneIsNamed() throws {
        let store = try store()
        let blob = try submit(1, to: store)
        try FileManager.default.removeItem(atPath: images.path(of: blob))
        #expect(try create(store).missing == [blob.text])
    }

    @Test func theNewestStayAndImageFilesOfNoneGo() throws {
        let store = try store()
        let blob = try submit(1, to: store)
        for second in 0..<3 { _ = try create(store, keep: 2, at: Int64(second)) }
        #expect(try backups.names() == ["2027-01-15T08-00-02.000Z", "2027-01-15T08-00-01.000Z"])
        let id = Generation.ID(random: .init(repeating: 1, count: 16))
        _ = try store.generations.delete(id, of: user("ada"), at: Self.start)
        _ = try create(store, keep: 2, at: 3)
        #expect(try files(backupPath + "/images") == [blob.text])
        _ = try create(store, keep: 1, at: 4)
        #expect(try files(backupPath + "/images") == [])
        #expect(try files(backupPath) == ["images", "2027-01-15T08-00-04.000Z"])
    }

    @Test(arguments: ["credits.db", "images.txt", "manifest.json"])
    func whatWasChangedIsNotRestored(_ name: String) throws {
        let backup: Backup
        do {
            let store = try store()
            _ = try submit(1, to: store)
            backup = try create(store)
        }
        let file = backupPath + "/\(backup.name)/\(name)"
        var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: URL(fileURLWithPath: file))
        let before = try files(temporary.path)
        #expect(throws: BackupError.self) {
            try backups.restore(backup.name, images: imagePath, at: at(9))
        }
        #expect(try files(temporary.path) == before.union(["credits.db.open"]))
    }

    @Test func aDatabaseInUseIsNotReplaced() throws {
        let store = try store()
        let backup = try create(store)
        #expect(throws: BackupError.inUse) {
            try backups.restore(backup.name, images: imagePath, at: at(9))
        }
        #expect(throws: BackupError.unknown("else")) {
            try backups.restore("else", images: imagePath, at: at(9))
        }
        withExtendedLifetime(store) {}
    }

    @Test func aRestoreBringsBackWhatWasThereAndSaysWhatIsLost() throws {
        let (backup, kept): (Backup, BlobID)
        do {
            let store = try store()
            kept = try submit(1, to: store)
            _ = try store.jobs.claim(for: .seconds(600), at: Self.start)
            backup = try create(store)
            _ = try submit(2, to: store)
            _ = try submit(3, to: store)
            #expect(try balance(store) == 7)
            try FileManager.default.removeItem(atPath: images.path(of: kept))
        }
        let restoration = try backups.restore(backup.name, images: imagePath, at: at(9))
        let lost = try #require(restoration.lost.first)
        #expect(restoration.lost.count == 1 && lost.kind == .charge && lost.entries == 2)
        #expect(lost.users == 1 && lost.credits == -2)
        #expect(restoration.isLossKnown && restoration.settled.endedLeases == 1 && restoration.returnedImages == 1)
        #expect(restoration.missingImages == [])
        #expect(restoration.replaced == database + ".replaced-2027-01-15T08-00-09.000Z")
        #expect(FileManager.default.fileExists(atPath: restoration.replaced ?? ""))
        let store = try store()
        #expect(try balance(store) == 9)
        #expect(try store.ledger.verify() == [])
        #expect(try images.exists(kept))
        // The lease of a worker that is gone does not keep its job waiting.
        guard case .job = try store.jobs.claim(for: .seconds(60), at: at(1)) else { Issue.record("no job"); return }
    }

    @Test func aDatabaseThatIsGoneOrBrokenIsReplacedToo() throws {
        let backup: Backup
        do { backup = try create(try store()) }
        // Its log alone could tell all of it again.
        try FileManager.default.removeItem(atPath: database + "-wal")
        try Data(repeating: 7, count: 9000).write(to: URL(fileURLWithPath: database))
        let broken = try backups.restore(backup.name, images: imagePath, at: at(9))
        #expect(!broken.isLossKnown && broken.lost == [])
        for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: database + end) }
        let gone = try backups.restore(backup.name, images: imagePath, at: at(10))
        #expect(gone.replaced == nil && !gone.isLossKnown)
        #expect(try store().ledger.verify() == [])
    }

    /// Eve leaves as an admin and bob is forgotten, both after the backup; fay comes.
    private func revoke(_ store: Store) throws {
        _ = try store.admins.revoke(from: user("eve"), by: "root", at: at(2))
        _ = try store.people.forget(user("bob"), by: "root", at: at(3))
        _ = try store.admins.grant(to: user("fay"), by: "root", at: at(4))
    }

    private func backupOfBefore(_ store: Store) throws -> Backup {
        for name in ["ada", "bob"] {
            let profile = Profile(user: try user(name), email: "\(name)@example.com", name: name, proof: .verified)
            let token = try #require(
                SessionToken(cookie: String(repeating: "A", count: 42) + (name == "ada" ? "A" : "E")))
            try store.sessions.open(token, NewSession(profile), at: Self.start)
        }
        for name in ["root", "eve"] { _ = try store.admins.grant(to: user(name), by: "t", at: Self.start) }
        return try create(store)
    }

    private func emails(_ store: Store) throws -> [String?] {
        try store.people.list(.all, limit: 9).items.sorted { $0.user.text < $1.user.text }.map(\.email)
    }

    /// Nobody has the database open afterwards.
    private func backupAndRevoke() throws -> Backup {
        let store = try store()
        let backup = try backupOfBefore(store)
        try revoke(store)
        return backup
    }

    @Test func whoWasRevokedOrForgottenDoesNotComeBack() throws {
        let backup = try backupAndRevoke()
        // Twice: what the first one knew, the second finds in what the first one made.
        for second in [Int64(9), 10] {
            let restoration = try backups.restore(backup.name, images: imagePath, at: at(second))
            #expect(restoration.source == .replaced)
            let settled = restoration.settled
            #expect(settled.revokedAdmins == [try user("eve")])
            #expect(settled.forgottenUsers == [try user("bob")])
            #expect(settled.admins == [try user("root")])
            #expect(settled.newerAdmins == (second == 9 ? [try user("fay")] : []))
            let store = try store()
            #expect(try store.admins.all().map(\.user) == [user("root")])
            #expect(try emails(store) == ["ada@example.com", nil])
            #expect(try store.sessions.list(of: user("ada"), at: Self.start).isEmpty)
            let told = try store.admins.auditLog(limit: 2).items.map { "\($0.actor) \($0.action) \($0.subject)" }
            #expect(told == ["restore user.forget bob", "restore admin.revoke eve"])
            #expect(try store.ledger.verify() == [])
        }
        let names = try files(temporary.path)
        #expect(!names.contains { $0.contains("restoring") || $0.contains("unfinished") }, "\(names)")
    }

    @Test func aNewerBackupKnowsItToo() throws {
        let (old, new): (Backup, Backup)
        do {
            let store = try store()
            old = try backupOfBefore(store)
            try revoke(store)
            new = try create(store, at: 5)
        }
        for end in ["", "-wal", "-shm"] { try FileManager.default.removeItem(atPath: database + end) }
        let restoration = try backups.restore(old.name, images: imagePath, at: at(9))
        #expect(restoration.source == .backup(new.name))
        #expect(restoration.settled.revokedAdmins == [try user("eve")])
        #expect(restoration.settled.forgottenUsers == [try user("bob")])
        #expect(try emails(store()) == ["ada@example.com", nil])
    }

    @Test func whatNobodyKnowsIsSaid() throws {
        let backup = try backupAndRevoke()
        for end in ["-wal", "-shm"] { try FileManager.default.removeItem(atPath: database + end) }
        try Data(repeating: 7, count: 9000).write(to: URL(fileURLWithPath: database))
        let restoration = try backups.restore(backup.name, images: imagePath, at: at(9))
        #expect(restoration.source == nil && restoration.settled.revokedAdmins == [])
        #expect(restoration.settled.admins == [try user("eve"), try user("root")])
    }

    @Test func aNewServersDatabaseKnowsNobody() throws {
        let backup: Backup
        do { backup = try backupOfBefore(try store()) }
        for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: database + end) }
        _ = try Store.migrate(SQLiteFile(database))
        let restoration = try backups.restore(backup.name, images: imagePath, at: at(9))
        #expect(restoration.source == nil && restoration.settled.revokedAdmins == [])
        #expect(restoration.settled.admins == [try user("eve"), try user("root")])
    }

    @Test func whatAnInterruptedOneLeftIsInNobodysWay() throws {
        let backup = try backupAndRevoke()
        for name in ["credits.db.restoring", "credits.db.restoring-journal"] {
            try Data(repeating: 7, count: 9000).write(to: URL(fileURLWithPath: temporary.path + "/" + name))
        }
        let restoration = try backups.restore(backup.name, images: imagePath, at: at(9))
        #expect(restoration.settled.revokedAdmins == [try user("eve")])
        #expect(try store().ledger.verify() == [])
    }

    @Test func aBackupTakenUnderWritesIsOneConsistentState() throws {
        let store = try store()
        _ = try store.people.account(of: Profile(user: user("ada")), at: Self.start)
        let user = try user("ada")
        atOnce(2) { thread in
            for number in 0..<60 {
                if thread == 0 {
                    let adjustment = Adjustment(
                        user: user, amount: Credits(rawValue: 1), actor: "t", reason: "t", key: "k\(number)")
                    _ = try? store.ledger.adjust(adjustment, at: Self.start)
                } else if number % 6 == 0 {
                    let backup = try? create(store, keep: 20, at: Int64(number))
                    #expect(backup?.faults == [])
                }
            }
        }
        #expect(try backups.names().count == 10)
        for name in try backups.names() { #expect(try backups.backup(name).faults == []) }
    }
}
