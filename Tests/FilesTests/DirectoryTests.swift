import Files
import Foundation
import TestSupport
import Testing
import Threads

extension Directory {
    /// Writes a file as uploads do.
    func write(_ bytes: [UInt8], as name: String, by temporary: String) throws(FileError) {
        let file = try begin(temporary)
        try file.append(bytes[...])
        try file.keep(as: name)
    }
}

@Suite struct DirectoryTests {
    private let temporary: TemporaryDirectory
    private let directory: Directory

    init() throws {
        temporary = try TemporaryDirectory()
        directory = Directory(temporary.path)
    }

    @Test func whatWasWrittenIsReadUnderItsName() throws {
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0) }
        try directory.write(bytes, as: "a", by: ".incoming-1")
        #expect(try directory.read("a", maximumBytes: bytes.count) == bytes)
        #expect(try directory.entries().map(\.name) == ["a"], "the temporary name is gone")
        let entry = try #require(try directory.entry("a"))
        #expect(entry.bytes == 300_000)
        #expect(abs(Double(entry.modifiedMilliseconds) / 1000 - Date().timeIntervalSince1970) < 60)
        let mode = try FileManager.default.attributesOfItem(atPath: temporary.path + "/a")[.posixPermissions]
        #expect(mode as? Int == 0o640)
    }

    @Test func aFileIsReplacedAsAWhole() throws {
        try directory.write([1, 2, 3], as: "a", by: "t")
        try directory.write([4], as: "a", by: "t")
        #expect(try directory.read("a", maximumBytes: 10) == [4])
    }

    @Test func anEmptyFileIsOne() throws {
        try directory.write([], as: "a", by: "t")
        #expect(try directory.read("a", maximumBytes: 0) == [])
    }

    @Test func noMoreIsReadThanAskedFor() throws {
        try directory.write([1, 2, 3], as: "a", by: "t")
        #expect(throws: FileError.tooLarge) { try directory.read("a", maximumBytes: 2) }
    }

    @Test func anAbsentFileIsToldApart() throws {
        #expect(throws: FileError.absent) { try directory.read("a", maximumBytes: 2) }
        #expect(try directory.entry("a") == nil)
        #expect(try directory.remove("a") == false)
        #expect(throws: FileError.absent) { try Directory(temporary.path + "/none").write([1], as: "a", by: "t") }
    }

    @Test func aRemovedFileIsGone() throws {
        try directory.write([1], as: "a", by: "t")
        #expect(try directory.remove("a"))
        #expect(try directory.entries().isEmpty)
    }

    @Test func aLinkIsNotFollowed() throws {
        try FileManager.default.createSymbolicLink(
            atPath: temporary.path + "/link", withDestinationPath: "/etc/passwd")
        let error = #expect(throws: FileError.self) { try directory.read("link", maximumBytes: 1 << 20) }
        guard case .failed = error else { Issue.record("\(String(describing: error))"); return }
        #expect(try directory.entries().isEmpty)
    }

    @Test func aTakenTemporaryNameIsNotWrittenOver() throws {
        try directory.write([1], as: "t", by: "u")
        #expect(throws: FileError.self) { try directory.write([2], as: "a", by: "t") }
        #expect(try directory.entry("a") == nil)
    }

    @Test func whatWasBegunIsReadBeforeItIsKept() throws {
        let file = try directory.begin("t")
        for piece in [[1, 2], [], [3, 4, 5]] as [[UInt8]] { try file.append(piece[...]) }
        #expect(file.count == 5)
        #expect(try file.read(at: 0, count: 5) == [1, 2, 3, 4, 5] && file.read(at: 3, count: 1) == [4])
        #expect(try file.read(at: 3, count: 9) == [4, 5] && file.read(at: 5, count: 1) == [])
        try file.append([6])
        #expect(try directory.entries().map(\.name) == ["t"])
        try file.keep(as: "a")
        #expect(try directory.read("a", maximumBytes: 6) == [1, 2, 3, 4, 5, 6])
        file.discard()
        #expect(try directory.entries().map(\.name) == ["a"], "what is kept is not taken away")
    }

    @Test func whatIsNotKeptIsGone() throws {
        let file = try directory.begin("t")
        file.discard()
        #expect(try directory.entries().isEmpty)
        do {
            let file = try directory.begin("t")
            try file.append([1])
        }
        #expect(try directory.entries().isEmpty, "with its last reference")
    }

    @Test func whatSomebodyHasInHandIsNoLeftover() throws {
        let file = try directory.begin("t")
        #expect(try directory.removeUnfinished("t") == false)
        try file.append([1])
        try file.keep(as: "a")
        #expect(try directory.removeUnfinished("t") == false && directory.entry("a") != nil)
        // As a process leaves it that has died.
        try Data([1]).write(to: URL(fileURLWithPath: temporary.path + "/t"))
        #expect(try directory.removeUnfinished("t"))
        #expect(try directory.entries().map(\.name) == ["a"])
    }

    @Test func aFullDiskIsToldApart() throws {
        let place = try TemporaryDirectory()
        let disk = try SmallDisk(bytes: 1 << 20, at: place.path)
        guard let disk else { return }
        let full = Directory(disk.path)
        try full.write([1], as: "small", by: "t")
        #expect(throws: FileError.full) { try full.write([UInt8](repeating: 1, count: 4 << 20), as: "a", by: "t") }
        #expect(try full.entries().map(\.name) == ["small"], "nothing half written stays")
        try full.write([2], as: "a", by: "t")
    }

    @Test func oneHolderExcludesTheOthersAmongThreads() throws {
        let inside = Monitor((now: 0, most: 0, total: 0))
        atOnce(8) { _ in
            for _ in 0..<50 {
                try? directory.holding(.exclusive, of: ".lock", refused: { $0 as any Error }) {
                    inside.withLock { ($0.now, $0.total) = ($0.now + 1, $0.total + 1) }
                    inside.withLock { $0 = ($0.now - 1, max($0.most, $0.now), $0.total) }
                }
            }
        }
        #expect(inside.withLock { $0.most } == 1)
        #expect(inside.withLock { $0.total } == 400)
    }

    @Test func sharersMeetAndAnExclusiveOneWaits() throws {
        let sharers = Monitor(0)
        let removed = Monitor(false)
        let release = Monitor(false)
        for _ in 0..<2 {
            startThread { [directory] in
                try? directory.holding(.shared, of: ".lock", refused: { $0 as any Error }) {
                    sharers.withLock { $0 += 1 }
                    release.wait { $0 ? () : nil }
                    #expect(!removed.withLock { $0 })
                }
            }
        }
        sharers.wait { $0 == 2 ? () : nil }
        startThread { [directory] in
            try? directory.holding(.exclusive, of: ".lock", refused: { $0 as any Error }) {
                removed.withLock { $0 = true }
            }
        }
        #expect(removed.wait(atMost: .milliseconds(100)) { $0 ? () : nil } == nil)
        release.withLock { $0 = true }
        removed.wait { $0 ? () : nil }
    }

    /// There is always a sharer inside: each leaves only after the next has come, or found the door shut.
    @Test func sharersWhoOverlapWithoutAnEndStarveNobody() throws {
        struct Uploads {
            var begun = 0
            var inside = 0
            var isOver = false
        }
        let uploads = Monitor(Uploads())
        for _ in 0..<2 {
            startThread { [directory] in
                while uploads.look({ !$0.isOver }) {
                    try? directory.holding(.shared, of: ".lock", refused: { $0 as any Error }) {
                        let mine = uploads.withLock { uploads in
                            uploads.begun += 1
                            uploads.inside += 1
                            return uploads.begun
                        }
                        _ = uploads.wait(atMost: .seconds(1)) { $0.begun > mine || $0.isOver ? () : nil }
                        uploads.withLock { $0.inside -= 1 }
                    }
                }
            }
        }
        uploads.wait { $0.begun > 100 ? () : nil }
        let removed = Monitor(false)
        startThread { [directory] in
            try? directory.holding(.exclusive, of: ".lock", refused: { $0 as any Error }) {
                #expect(uploads.look { $0.inside } == 0)
                removed.withLock { $0 = true }
            }
        }
        #expect(removed.wait(atMost: .seconds(10)) { $0 ? () : nil } != nil)
        uploads.withLock { $0.isOver = true }
        removed.wait { $0 ? () : nil }
    }
}
