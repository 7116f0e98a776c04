internal import Database

extension Row {
    /// What this product alone writes there, and always can read.
    func value<Content>(_ column: Int32, _ read: (String) -> Content?) -> Content {
        guard let value = read(text(column)) else {
            preconditionFailure("Column \(column) holds what no version of this program writes")
        }
        return value
    }

    func optional<Content>(_ column: Int32, _ read: (String) -> Content?) -> Content? {
        optionalText(column).flatMap(read)
    }

    func instant(_ column: Int32) -> Instant { Instant(rawValue: integer(column)) }

    func optionalInstant(_ column: Int32) -> Instant? { optionalInteger(column).map(Instant.init(rawValue:)) }
}
