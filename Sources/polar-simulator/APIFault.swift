internal import HTTP
private import JSON
internal import Threads

/// How the next calls of the API go wrong, by the control page's will.
struct APIFault: Sendable {
    enum Kind: Sendable, Equatable {
        /// This status with a body like Polar's.
        case status(Int)
        /// No answer for so long, then 504.
        case timeout(seconds: Int)
        /// The first half of the right answer, which ends there.
        case half
        /// The right answer at a few bytes a second: nginx does it.
        case drip
        /// 200 with a page.
        case nonsense

        /// A refusal comes before the effect, a spoilt answer after it.
        var actsByItself: Bool {
            switch self {
            case .status: false
            case .timeout, .half, .drip, .nonsense: true
            }
        }
    }

    var kind: Kind
    var count: Int
    /// Whether the call has its effect although its answer is spoilt.
    var acts: Bool
    /// Of a 429: how long to wait.
    var retrySeconds = 60

    /// `nil` if there is no such fault.
    init?(_ name: String, count: Int, seconds: Int?, acts: Bool?) {
        let kind: Kind
        switch name {
        case "timeout": kind = .timeout(seconds: seconds ?? 30)
        case "half": kind = .half
        case "drip": kind = .drip
        case "nonsense": kind = .nonsense
        case let number:
            guard let status = Int(number), (400...599).contains(status) else { return nil }
            kind = .status(status)
        }
        self.kind = kind
        self.count = count
        self.acts = acts ?? kind.actsByItself
        retrySeconds = seconds ?? 60
    }

    var name: String {
        switch kind {
        case .status(let status): String(status)
        case .timeout(let seconds): "timeout (\(seconds) s)"
        case .half: "half"
        case .drip: "drip"
        case .nonsense: "nonsense"
        }
    }
}

extension Monitor<World> {
    /// Answers as the next fault that waits will have it, or rightly.
    func withFaults(
        of list: WritableKeyPath<World.Behaviour, [APIFault]>, _ answer: () -> Response
    ) -> Response {
        guard let fault = withLock({ $0.behaviour[keyPath: list].take() }) else { return answer() }
        let right = fault.acts ? answer() : nil
        switch fault.kind {
        case .status(429):
            return Response(.tooManyRequests, headers: ["retry-after": String(fault.retrySeconds)])
        case .status(let status): return APIFault.failing(status)
        case .timeout(let seconds):
            _ = wait(atMost: .seconds(seconds)) { _ in Bool?.none }
            return Response(.gatewayTimeout)
        case .half:
            var response = right ?? .json(.ok, ["id": "half"])
            response.body = Array(response.body.prefix(response.body.count / 2))
            return response
        case .drip:
            var response = right ?? .json(.ok, ["id": "drip"])
            response.headers["x-accel-limit-rate"] = "20"
            return response
        case .nonsense:
            return .html(.ok, "<!doctype html><title>Gateway</title><p>Please wait while we check your browser.")
        }
    }

}

extension APIFault {
    fileprivate static func failing(_ status: Int) -> Response {
        switch status {
        case 401: Polar.failure(Refusal(401, "Unauthorized", "Unauthorized"))
        case 403: Polar.failure(Refusal(403, "NotPermitted", "Not permitted"))
        case 502, 503, 504: .html(Status(rawValue: status), "<html><body>\(status)</body></html>")
        case let status: Polar.failure(Refusal(status, "InternalServerError", "Internal Server Error"))
        }
    }
}

extension [APIFault] {
    fileprivate mutating func take() -> APIFault? {
        guard let fault = first else { return nil }
        if fault.count > 1 { self[0].count -= 1 } else { removeFirst() }
        return fault
    }
}
