public import JSON

/// What Polar answered to one call, whatever it was.
public struct PolarProbe: Sendable {
    public let status: Int
    /// `nil` if it was none.
    public let json: JSON?
    /// By Polar's clock, to a second.
    public let date: Instant?

    public init(status: Int, json: JSON?, date: Instant?) {
        self.status = status
        self.json = json
        self.date = date
    }
}
