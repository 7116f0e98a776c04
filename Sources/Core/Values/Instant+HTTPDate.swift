extension Instant {
    /// Reads the `Date` header of HTTP: `Sun, 06 Nov 1994 08:49:37 GMT`; `nil` if it is none.
    ///
    /// Source: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7
    public init?(httpDate text: String) {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard parts.count == 6, parts[5] == "GMT", let month = months.firstIndex(of: parts[2]) else { return nil }
        let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
        guard let clock = PolarClock("\(parts[3])-\(number)-\(parts[1])T\(parts[4])Z") else { return nil }
        self = clock.instant
    }
}
