/// A whole number of credits; below zero where it says how a balance moves.
public struct Credits: RawRepresentable, Hashable, Comparable, Sendable {
    public let rawValue: Int64
    public init(rawValue: Int64) { self.rawValue = rawValue }

    public static let zero = Credits(rawValue: 0)

    public static func < (left: Credits, right: Credits) -> Bool { left.rawValue < right.rawValue }
    public static func + (left: Credits, right: Credits) -> Credits {
        Credits(rawValue: left.rawValue + right.rawValue)
    }
    public static func - (left: Credits, right: Credits) -> Credits {
        Credits(rawValue: left.rawValue - right.rawValue)
    }
    public static prefix func - (credits: Credits) -> Credits { Credits(rawValue: -credits.rawValue) }
}

extension Credits: ExpressibleByIntegerLiteral {
    public init(integerLiteral value: Int64) { self.init(rawValue: value) }
}
