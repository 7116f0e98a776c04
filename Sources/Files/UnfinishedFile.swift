private import Glibc

/// A file that is written piece by piece under a temporary name. It gets a name of its own as a whole and durably, or it
/// is gone with its last reference; only if the process dies does the temporary name stay.
///
/// It is locked as long as it is in hand: ``Directory/removeUnfinished(_:)`` takes no such file away.
public final class UnfinishedFile {
    private let directory: Directory
    private let name: String
    private let file: OpenFile
    private var isOver = false

    public private(set) var count = 0

    init(_ name: String, in directory: Directory) throws(FileError) {
        self.directory = directory
        self.name = name
        file = try OpenFile(directory.place(name), O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
        do throws(FileError) {
            try file.lock(LOCK_EX)
        } catch {
            unsafe unlink(directory.place(name))
            throw error
        }
    }

    deinit { discard() }

    public func append(_ bytes: ArraySlice<UInt8>) throws(FileError) {
        try file.write(bytes)
        count += bytes.count
    }

    /// Those from `offset` on, fewer at the end.
    public func read(at offset: Int, count: Int) throws(FileError) -> [UInt8] {
        try file.read(at: offset, count: count)
    }

    /// The whole file stands under `name`, and will after a loss of power.
    public func keep(as name: String) throws(FileError) {
        precondition(!isOver)
        // The group is nginx's, which sends it.
        try file.setMode(0o640)
        try file.synchronize()
        guard unsafe rename(directory.place(self.name), directory.place(name)) == 0 else { throw FileError("rename") }
        isOver = true
        try directory.synchronize()
    }

    /// Takes it away, unless it was kept.
    public func discard() {
        guard !isOver else { return }
        isOver = true
        // What cannot be removed now goes with the next sweep.
        unsafe unlink(directory.place(name))
    }
}
