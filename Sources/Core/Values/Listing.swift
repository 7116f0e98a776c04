private import Crypto
private import JSON

/// A list cut into pages, where each page knows how the next one begins.
public struct Listing<Item: Sendable>: Sendable {
    public let items: [Item]
    /// `nil` on the last page.
    public let next: ListCursor?

    /// - Parameter items: one more than `limit` if there is a next page.
    init(_ items: [Item], limit: Int, cursor: (Item) -> ListCursor) {
        self.items = Array(items.prefix(limit))
        next = items.count > limit ? self.items.last.map(cursor) : nil
    }
}

/// The last row of a page, by what the list is sorted by. Only the list that made it can read it.
public struct ListCursor: Equatable, Sendable {
    let parts: [String]

    init(of parts: String...) { self.parts = parts }

    /// As it stands in an address: letters, digits, `-` and `_`.
    public var text: String { Base64.urlEncoded(JSON.array(parts.map(JSON.string)).bytes) }

    /// `nil` unless it is the text of a cursor.
    public init?(_ text: String) {
        guard (1...2048).contains(text.utf8.count), let bytes = Base64.urlDecoded(text),
            let parts = (try? JSON(bytes))?.array, (1...3).contains(parts.count)
        else { return nil }
        self.parts = parts.compactMap(\.string)
        guard self.parts.count == parts.count else { return nil }
    }

    /// A time and what tells two rows of one time apart.
    init(_ instant: Instant, _ tie: String) { self.init(of: String(instant.rawValue), tie) }

    /// The whole number that it begins with; the end of everything if it is of another list.
    var number: Int64 { parts.first.flatMap { Int64($0) } ?? .min }
    var tie: String { parts.count > 1 ? parts[1] : "" }
}

/// A list cut into pages, newest first.
public struct Page<Item: Sendable>: Sendable {
    public let items: [Item]
    /// Where the next page begins, if there is one.
    public let nextCursor: Int64?

    /// - Parameter items: one more than `limit` if there is a next page.
    init(_ items: [Item], limit: Int, cursor: (Item) -> Int64) {
        self.items = Array(items.prefix(limit))
        nextCursor = items.count > limit ? self.items.last.map(cursor) : nil
    }

    init(_ items: [Item], nextCursor: Int64?) {
        self.items = items
        self.nextCursor = nextCursor
    }
}
