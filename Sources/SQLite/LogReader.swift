internal import Database
private import Glibc

/// What the index of the write-ahead log, in shared memory, says of it at one moment.
///
/// Source: https://www.sqlite.org/walformat.html#the_wal_index_file_format
struct LogIndex {
    static let regionBytes: Int32 = 32 << 10
    private static let version: UInt32 = 3_007_000

    /// No two states of the log have the same: there is a checksum over all of it in it.
    let header: [UInt32]
    /// As many frames are in the main file, at least.
    let taken: Int

    init?(header: [UInt32], taken: Int) {
        guard header[0] == Self.version else { return nil }
        (self.header, self.taken) = (header, taken)
    }

    var frames: Int { Int(header[4]) }
    /// Others each time the log was begun anew.
    var salts: ArraySlice<UInt32> { header[8..<10] }
}

/// Reads frames, which are counted from 1.
///
/// Source: https://www.sqlite.org/fileformat2.html#walformat
@safe struct LogReader: ~Copyable {
    private static let headerBytes = 32
    private static let frameHeaderBytes = 24

    private let pageSize: Int
    /// SQLite keeps its locks elsewhere, so that this one may be closed.
    private let descriptor: Int32

    init(of database: String, pageSize: Int) throws(DatabaseError) {
        self.pageSize = pageSize
        descriptor = unsafe open(database + "-wal", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw DatabaseError(errno: errno, doing: "open the log") }
    }

    deinit { close(descriptor) }

    /// - Returns: the page's number; `nil` if the frame was written under other salts.
    func pageNumber(of frame: Int, salts: ArraySlice<UInt32>) throws(DatabaseError) -> Int? {
        var header = [UInt32](repeating: 0, count: Self.frameHeaderBytes / 4)
        try read(&header, at: offset(of: frame))
        return header[2..<4].elementsEqual(salts) && header[0] != 0 ? Int(UInt32(bigEndian: header[0])) : nil
    }

    func page(of frame: Int) throws(DatabaseError) -> [UInt8] {
        var page = [UInt8](repeating: 0, count: pageSize)
        try read(&page, at: offset(of: frame) + Self.frameHeaderBytes)
        return page
    }

    private func offset(of frame: Int) -> Int {
        Self.headerBytes + (frame - 1) * (Self.frameHeaderBytes + pageSize)
    }

    private func read<Element: BitwiseCopyable>(_ elements: inout [Element], at offset: Int) throws(DatabaseError) {
        let (count, read) = unsafe elements.withUnsafeMutableBytes {
            unsafe ($0.count, pread(descriptor, $0.baseAddress, $0.count, off_t(offset)))
        }
        guard read == count else { throw DatabaseError(errno: read < 0 ? errno : EIO, doing: "read the log") }
    }
}
