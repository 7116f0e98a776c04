/// A value on its way into or out of a STRICT table.
public enum Value: Equatable, Sendable {
    case integer(Int64)
    case text(String)
    case blob([UInt8])
    case null

    public static func optional(_ text: String?) -> Value { text.map(Value.text) ?? .null }
    public static func optional(_ integer: Int64?) -> Value { integer.map(Value.integer) ?? .null }
}

extension Value: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral, ExpressibleByNilLiteral {
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(stringLiteral value: String) { self = .text(value) }
    public init(nilLiteral: ()) { self = .null }
}
