private import Crypto
private import HTTPClient
internal import Threads

/// Sends webhooks from threads of its own, as Polar's workers do.
struct Deliverer: Sendable {
    let world: Monitor<World>
    /// Polar allows 10 s for each step of a call.
    private let client = HTTPClient(
        connectTimeout: .seconds(10), totalTimeout: .seconds(10), maximumResponseBytes: 1 << 20)

    /// First attempts keep their order; duplicates and retries go out side by side.
    private static let threads = 4
    /// How late a retry may be: nobody wakes us when one falls due.
    private static let patience = Duration.milliseconds(20)

    init(world: Monitor<World>) { self.world = world }

    func start() {
        for _ in 0..<Self.threads {
            startThread {
                while true {
                    guard let delivery = world.wait(atMost: Self.patience, for: { $0.nextDelivery() }) else { continue }
                    let attempt = self.attempt(delivery)
                    world.withLock { $0.finish(delivery, with: attempt) }
                }
            }
        }
    }

    private func attempt(_ delivery: Delivery) -> Event.Attempt {
        let now = Moment.now()
        func attempt(_ code: Int?, _ response: String) -> Event.Attempt {
            Event.Attempt(id: newUUID(), at: now, httpCode: code, response: String(response.prefix(2048)))
        }
        if delivery.isDropped { return attempt(nil, "Dropped on the control page's word") }
        do throws(HTTPClientError) {
            let answer = try client.send(
                HTTPClient.Call(
                    method: "POST", url: delivery.url, headers: Self.headers(of: delivery, at: now),
                    body: Array(delivery.body.utf8)))
            return attempt(answer.status, String(decoding: answer.body, as: UTF8.self))
        } catch {
            return attempt(nil, Self.text(of: error))
        }
    }

    private static func text(of error: HTTPClientError) -> String {
        switch error {
        case .notSent(let text), .cutShort(let text): text
        case .timedOut: "No answer within 10 s"
        case .tooLarge: "The answer was too large"
        }
    }

    /// Source: server/polar/webhook/tasks.py of polarsource/polar; https://www.standardwebhooks.com
    private static func headers(of delivery: Delivery, at now: Moment) -> [(String, String)] {
        let signed = "\(delivery.eventID).\(now.seconds).\(delivery.body)"
        let signature = Base64.encoded(hmacSHA256(key: delivery.key, message: Array(signed.utf8)))
        return [
            ("user-agent", "polar.sh webhooks"), ("content-type", "application/json"),
            ("webhook-id", delivery.eventID), ("webhook-timestamp", String(now.seconds)),
            ("webhook-signature", "v1,\(signature)"), ("webhook-api-version", delivery.apiVersion),
        ]
    }
}
