public import ArgumentParser
public import Core

// An id that is none is wrong use, not an unknown user or order.

extension UserID: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

extension Identifier: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

extension Generation.Status: ExpressibleByArgument {}

extension Verdict: ExpressibleByArgument {}

extension Instant: ExpressibleByArgument {
    public init?(argument: String) {
        guard let clock = PolarClock(argument) else { return nil }
        self = clock.instant
    }
}
