/// The current row of a running query.
public struct Row: ~Copyable {
    private let cells: any Cells

    public init(_ cells: any Cells) { self.cells = cells }

    public subscript(_ column: Int32) -> Value { cells[column] }

    public func integer(_ column: Int32) -> Int64 {
        guard case .integer(let value) = self[column] else { preconditionFailure("Column \(column) is not an integer") }
        return value
    }

    public func text(_ column: Int32) -> String {
        guard case .text(let value) = self[column] else { preconditionFailure("Column \(column) is not text") }
        return value
    }

    public func blob(_ column: Int32) -> [UInt8] {
        guard case .blob(let value) = self[column] else { preconditionFailure("Column \(column) is not a blob") }
        return value
    }

    public func optionalInteger(_ column: Int32) -> Int64? {
        self[column] == .null ? nil : integer(column)
    }

    public func optionalText(_ column: Int32) -> String? {
        self[column] == .null ? nil : text(column)
    }
}

/// An engine's statement, as far as a row needs it: its values live until the next row.
public protocol Cells: AnyObject {
    subscript(column: Int32) -> Value { get }
}
