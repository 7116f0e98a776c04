import Foundation

public struct NeverCame: Error, CustomStringConvertible {
    public let description: String
    public init(description: String) { self.description = description }
}

/// The first value that is one. Waiting for a process is the one thing that needs a clock; tests themselves never sleep.
@discardableResult
public func eventually<Value>(
    _ what: String, within limit: Duration = .seconds(15), find: () throws -> Value?
) throws -> Value {
    let end = ContinuousClock.now + limit
    while true {
        if let value = try find() { return value }
        guard ContinuousClock.now < end else { throw NeverCame(description: "Not within \(limit): \(what)") }
        Thread.sleep(forTimeInterval: 0.02)
    }
}

/// Returns once the condition holds.
public func eventually(
    _ what: String, within limit: Duration = .seconds(15), holds: () throws -> Bool
) throws {
    try eventually(what, within: limit, find: { try holds() ? true : nil })
}
