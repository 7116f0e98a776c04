package import Core
package import HTTP

extension StoreError {
    /// What a client is told: to try again. What is wrong stands in the log.
    package var problem: Problem {
        let headers: Headers = ["retry-after": "30"]
        return switch self {
        case .unavailable, .unknown, .schema, .full:
            Problem(.serviceUnavailable, code: "unavailable", title: "Try again later", headers: headers)
        }
    }
}
