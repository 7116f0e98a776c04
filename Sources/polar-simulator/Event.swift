internal import JSON

/// One webhook event: a fact with the body as it was when it happened, and every attempt to deliver it.
struct Event: Codable, Sendable {
    enum Status: String, Codable, Sendable { case waiting, held, succeeded, failed, skipped }

    struct Attempt: Codable, Sendable {
        var id: String
        var at: Moment
        /// `nil`: no answer.
        var httpCode: Int?
        /// The answer's beginning, or why there is none.
        var response: String
        var succeeded: Bool { httpCode.map { (200...299).contains($0) } ?? false }
    }

    var id: String
    var type: String
    var createdAt: Moment
    /// The bytes that are signed; a redelivery sends the same.
    var body: String
    /// What it is about, for people.
    var subject: String
    var status: Status
    var attempts: [Attempt] = []
    /// When the next attempt is due.
    var dueAt: Moment
}

/// Which events wait for a thread to send them. Ids only; what they are is in ``World/Kept``.
struct Outbox: Sendable {
    /// Never tried, in the order to try them: the first attempts of an endpoint keep their order.
    var fresh: [String] = []
    var freshUnderWay: Set<String> = []
    /// Tried before.
    var retries: [String] = []
    var retriesUnderWay: Set<String> = []
    /// To be sent once more whatever their status.
    var extra: [String] = []
    var held: [String] = []

    mutating func take(_ event: Event?) {
        guard let event else { return }
        if event.attempts.isEmpty { fresh.append(event.id) } else { retries.append(event.id) }
    }
}

/// One attempt that a thread makes outside the lock.
struct Delivery: Sendable {
    enum Kind: Sendable { case first, retry, extra }

    let eventID: String
    let kind: Kind
    let body: String
    let key: [UInt8]
    let url: String
    let apiVersion: String
    /// By the control page's will it does not leave the house.
    let isDropped: Bool
}

extension World {
    static let maximumAttempts = 10
    /// So many finished events that all failed, and the endpoint is switched off.
    static let failuresUntilDisabled = 10
    static let rememberedEvents = 10_000
    /// Younger events wait for the first attempts of earlier ones.
    static let orderWindow = Duration.seconds(60)

    /// Makes an event. While the endpoint is switched off Polar does not even store it.
    mutating func emit(_ type: String, _ data: JSON, about subject: String) {
        guard kept.isEndpointEnabled else { return }
        let created = tick()
        let body: JSON = [
            "type": .string(type), "timestamp": .string(created.text), "api_version": .string(settings.apiVersion),
            "data": data,
        ]
        emit(type, body: body.text, id: newUUID(), createdAt: created, about: subject)
    }

    mutating func emit(_ type: String, body: String, id: String, createdAt: Moment, about subject: String) {
        let event = Event(
            id: id, type: type, createdAt: createdAt, body: body, subject: subject,
            status: behaviour.isHolding ? .held : .waiting, dueAt: createdAt)
        if kept.events.updateValue(event, forKey: id) == nil { kept.eventIDs.append(id) }
        if behaviour.isHolding { outbox.held.append(id) } else { outbox.fresh.append(id) }
    }

    /// The next attempt that is due, marked as under way; `nil` if there is none now.
    mutating func nextDelivery() -> Delivery? {
        if let id = outbox.extra.popLast() { return delivery(of: id, .extra) }
        let now = Moment.now()
        let due = outbox.retries.firstIndex { id in
            !outbox.retriesUnderWay.contains(id) && kept.events[id].map { $0.dueAt <= now } ?? true
        }
        if let due {
            let id = outbox.retries.remove(at: due)
            outbox.retriesUnderWay.insert(id)
            return delivery(of: id, .retry)
        }
        let isBlocked = outbox.freshUnderWay.contains { id in
            kept.events[id].map { $0.createdAt > now - Self.orderWindow } ?? false
        }
        guard !isBlocked, let id = outbox.fresh.first else { return nil }
        outbox.fresh.removeFirst()
        outbox.freshUnderWay.insert(id)
        outbox.extra += Array(repeating: id, count: behaviour.copies)
        return delivery(of: id, .first)
    }

    private mutating func delivery(of id: String, _ kind: Delivery.Kind) -> Delivery? {
        guard let event = kept.events[id], let key = behaviour.scheme.key(of: settings.webhookSecret) else {
            return nil
        }
        let isDropped = behaviour.isDropping || behaviour.dropNext > 0
        if behaviour.dropNext > 0 { behaviour.dropNext -= 1 }
        return Delivery(
            eventID: id, kind: kind, body: event.body, key: key, url: settings.webhookURL,
            apiVersion: settings.apiVersion, isDropped: isDropped)
    }

    /// Notes how an attempt ended, and plans the next one.
    ///
    /// Source: server/polar/webhook/tasks.py, `_webhook_event_send`, of polarsource/polar
    mutating func finish(_ delivery: Delivery, with attempt: Event.Attempt) {
        let id = delivery.eventID
        outbox.freshUnderWay.remove(id)
        outbox.retriesUnderWay.remove(id)
        guard var event = kept.events[id] else { return }
        event.attempts.append(attempt)
        let isPlanned = delivery.kind != .extra
        if attempt.succeeded {
            event.status = .succeeded
            outbox.retries.removeAll { $0 == id }
        } else if isPlanned, event.attempts.count >= Self.maximumAttempts {
            event.status = .failed
        } else if isPlanned, event.status == .waiting {
            event.dueAt = attempt.at + backoff(after: event.attempts.count)
            outbox.retries.append(id)
        }
        kept.events[id] = event
        _ = tick()
        if event.status == .failed { disableIfHopeless() }
        forgetOldEvents()
    }

    /// 2 s * 2^n * U(1,2), at most 20 min; times the factor that the simulator is told.
    ///
    /// Source: dramatiq, `compute_backoff`; server/polar/config.py, `WEBHOOK_EVENT_RETRY_*`
    private func backoff(after failures: Int) -> Duration {
        let milliseconds = 2000 * Double(1 << min(failures, 12)) * Double.random(in: 1...2)
        return .milliseconds(Int64(min(milliseconds, 1_200_000) * behaviour.retryFactor))
    }

    private mutating func disableIfHopeless() {
        var failures = 0
        for id in kept.eventIDs.reversed() where failures < Self.failuresUntilDisabled {
            switch kept.events[id]?.status {
            case .succeeded: return
            case .failed: failures += 1
            case .waiting, .held, .skipped, nil: break
            }
        }
        guard failures == Self.failuresUntilDisabled else { return }
        kept.isEndpointEnabled = false
        for id in outbox.fresh + outbox.retries + outbox.held { kept.events[id]?.status = .skipped }
        outbox = Outbox()
    }

    /// Polar archives bodies after 90 days; a load test makes more of them in an hour than memory holds.
    private mutating func forgetOldEvents() {
        guard kept.eventIDs.count > Self.rememberedEvents + 2000 else { return }
        let oldest = kept.eventIDs.prefix(2000)
        let stay = oldest.filter { id in
            let status = kept.events[id]?.status
            return status == .waiting || status == .held
        }
        for id in Set(oldest).subtracting(stay) { kept.events[id] = nil }
        kept.eventIDs.replaceSubrange(0..<2000, with: stay)
    }

    func newestEvent(_ type: String, about subject: String) -> Event? {
        for id in kept.eventIDs.reversed().prefix(200) {
            if let event = kept.events[id], event.type == type, event.subject == subject { return event }
        }
        return nil
    }

    /// Sends an event once more: the same id and body, signed anew.
    mutating func redeliver(_ id: String) {
        guard kept.isEndpointEnabled, var event = kept.events[id] else { return }
        event.status = .waiting
        event.dueAt = Moment.now()
        kept.events[id] = event
        outbox.held.removeAll { $0 == id }
        outbox.fresh.removeAll { $0 == id }
        outbox.retries.removeAll { $0 == id }
        outbox.take(event)
        _ = tick()
    }
}
