/// A picture that is looked at a piece at a time.
public protocol ImageFile: AnyObject {
    var count: Int { get }

    /// Those from `offset` on, fewer at the end.
    func read(at offset: Int, count: Int) throws(ImageFileError) -> [UInt8]
}

/// Why the bytes of a picture could not be read.
public struct ImageFileError: Error, Equatable, Sendable {
    public let reason: String

    public init(_ reason: String) { self.reason = reason }
}

/// Where the bytes of a picture are read: in an array, or in a file of which one page at a time is in memory.
final class ImageSource {
    private static let pageBytes = 16 << 10

    let count: Int
    /// Why bytes could not be read: then nothing is known of the picture.
    private(set) var failure: ImageFileError?

    private let file: (any ImageFile)?
    private var page: ArraySlice<UInt8>
    private var pageStart = 0

    init(_ bytes: ArraySlice<UInt8>) {
        count = bytes.count
        page = bytes
        file = nil
    }

    init(_ file: any ImageFile) {
        count = file.count
        page = []
        self.file = file
    }

    /// The byte at an offset below ``count``; `nil` if it could not be read.
    func byte(at offset: Int) -> UInt8? { holds(offset) ? page[page.startIndex + offset - pageStart] : nil }

    /// Some bytes from that offset on, as many as lie together; none if they could not be read.
    func piece(at offset: Int) -> ArraySlice<UInt8> { holds(offset) ? page.dropFirst(offset - pageStart) : [] }

    private func holds(_ offset: Int) -> Bool {
        let isHere = offset >= pageStart && offset - pageStart < page.count
        return isHere || (load(offset) && offset - pageStart < page.count)
    }

    private func load(_ offset: Int) -> Bool {
        guard let file, failure == nil else { return false }
        let start = offset - offset % Self.pageBytes
        do throws(ImageFileError) {
            let bytes = try file.read(at: start, count: min(Self.pageBytes, count - start))
            (page, pageStart) = (bytes[...], start)
            if bytes.count <= offset - start { failure = ImageFileError("the file is shorter than it was") }
        } catch {
            failure = error
        }
        return failure == nil
    }
}
