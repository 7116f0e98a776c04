import Clients
import Core
import Crypto
import Foundation
import TestSupport
import Testing
import Threads

@Suite struct BlobDirectoryTests {
    private let temporary: TemporaryDirectory
    private let blobs: BlobDirectory

    init() throws {
        temporary = try TemporaryDirectory()
        blobs = BlobDirectory(path: temporary.path, random: randomBytes)
    }

    private func names() throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: temporary.path)).subtracting([".lock"])
    }

    private func age(_ name: String, by seconds: Double) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date().addingTimeInterval(-seconds)], ofItemAtPath: "\(temporary.path)/\(name)")
    }

    @Test func aFileLiesUnderItsContentWhenItIsCommitted() throws {
        let bytes: [UInt8] = Array("abc".utf8)
        let id = try blobs.store(bytes) { id throws(StoreError) in
            #expect(FileManager.default.fileExists(atPath: blobs.path(of: id)))
            return id
        }
        #expect(id.text == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(blobs.path(of: id) == "\(temporary.path)/\(id.text)")
        #expect(try blobs.read(id, maximumBytes: 3) == bytes)
        #expect(throws: BlobError.tooLarge) { try blobs.read(id, maximumBytes: 2) }
        #expect(try names() == [id.text])
        #expect(try blobs.exists(id))
    }

    @Test func theSamePictureTwiceIsOneFile() throws {
        let first = try blobs.store([1, 2]) { $0 }
        let second = try blobs.store([1, 2]) { $0 }
        #expect(first == second)
        #expect(try names().count == 1)
    }

    @Test func aFileCutShortIsWrittenAnew() throws {
        let id = BlobID(contentOf: [1, 2, 3] as [UInt8])
        try Data([1]).write(to: URL(fileURLWithPath: blobs.path(of: id)))
        try blobs.store([1, 2, 3]) { _ in }
        #expect(try blobs.read(id, maximumBytes: 3) == [1, 2, 3])
    }

    @Test func whatTheDatabaseSaysIsPassedOn() throws {
        #expect(throws: BlobError.store(.full)) {
            try blobs.store([1]) { _ throws(StoreError) in throw StoreError.full }
        }
        let id = BlobID(contentOf: [1] as [UInt8])
        #expect(try blobs.remove([id], unless: { _ in false }) == [id])
        #expect(try names().isEmpty)
    }

    @Test func withoutItsDirectoryNothingIsCommitted() throws {
        let missing = BlobDirectory(path: temporary.path + "/none", random: randomBytes)
        #expect(throws: BlobError.absent) { try missing.store([1]) { _ in Issue.record("committed") } }
    }

    @Test func whereNothingWasEverStoredNoOneFileIsMissing() throws {
        let id = BlobID(contentOf: [1] as [UInt8])
        #expect(throws: BlobError.unavailable("the directory of images is empty")) {
            try blobs.read(id, maximumBytes: 1)
        }
        try blobs.store([2]) { _ in }
        #expect(throws: BlobError.absent) { try blobs.read(id, maximumBytes: 1) }
    }

    @Test func whatIsReferredToStays() throws {
        let wanted = try blobs.store([1]) { $0 }
        let unwanted = try blobs.store([2]) { $0 }
        let absent = BlobID(contentOf: [3] as [UInt8])
        #expect(try blobs.remove([wanted, unwanted, absent], unless: { $0 == wanted }) == [unwanted])
        #expect(try names() == [wanted.text])
        #expect(throws: BlobError.store(.full)) {
            try blobs.remove([wanted], unless: { _ throws(StoreError) in throw StoreError.full })
        }
        #expect(try blobs.exists(wanted), "who cannot ask removes nothing")
    }

    /// Uploads and removals of the same few pictures, all at once: a picture that somebody refers to is always there.
    @Test func nothingThatIsReferredToIsEverRemoved() throws {
        let references = Monitor<[BlobID: Int]>([:])
        atOnce(8) { [blobs] thread in
            var random = SplitMix64(seed: UInt64(thread))
            for _ in 0..<60 {
                let bytes = [UInt8.random(in: 0..<4, using: &random)]
                let id = BlobID(contentOf: bytes)
                try? blobs.store(bytes) { id in references.withLock { $0[id, default: 0] += 1 } }
                if (try? blobs.exists(id)) != true { Issue.record("a picture that is referred to is gone") }
                references.withLock { $0[id, default: 1] -= 1 }
                _ = try? blobs.remove([id], unless: { id in references.withLock { $0[id, default: 0] > 0 } })
            }
        }
        #expect(try names().isEmpty)
    }

    @Test func aSweepTakesWhatIsOldAndNobodys() throws {
        let wanted = try blobs.store([1]) { $0 }
        let old = try blobs.store([2]) { $0 }
        let young = try blobs.store([3]) { $0 }
        for name in [".incoming-old", ".incoming-young", "strange"] {
            try Data([1]).write(to: URL(fileURLWithPath: "\(temporary.path)/\(name)"))
        }
        for name in [wanted.text, old.text, ".incoming-old", "strange"] { try age(name, by: 7200) }
        let now = Instant(rawValue: Int64(Date().timeIntervalSince1970 * 1000))
        let before = try names()
        let told = try blobs.sweep(olderThan: .seconds(3600), at: now, removing: false, unless: { $0 == wanted })
        #expect(try names() == before, "only told")
        let sweep = try blobs.sweep(olderThan: .seconds(3600), at: now, unless: { $0 == wanted })
        #expect(told == sweep)
        #expect(sweep == BlobDirectory.Sweep(removed: [old], unfinished: 1))
        #expect(try names() == [wanted.text, young.text, ".incoming-young", "strange"])
    }
}
