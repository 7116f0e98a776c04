internal import HTTP
internal import JSON

extension World {
    /// `GET /v1/webhooks/endpoints`
    func listEndpoints(_ request: Request) throws(APIFailure) -> Response {
        var listing = Listing(request)
        let organizations = listing.uuids("organization_id")
        return try listing.page(of: organizations.allows(kept.organizationID) ? endpoints : []) { $0 }
    }

    func readEndpoint(_ id: String) throws(APIFailure) -> Response {
        guard try Self.identifier(id) == kept.endpointID, let endpoint = endpoints.first else { throw .notFound }
        return .json(.ok, endpoint)
    }

    /// The one endpoint, at the site's public address: that the deliverer takes a shorter way, nobody need know.
    private var endpoints: [JSON] {
        behaviour.setup.isEndpointMissing ? [] : [endpoint]
    }

    private var endpoint: JSON {
        [
            "created_at": .string(kept.endpointCreatedAt.text), "modified_at": .null, "id": .string(kept.endpointID),
            "url": .string(behaviour.setup.endpointURL ?? settings.siteURL + "/polar/orders"), "name": .null,
            "api_version": .string(settings.apiVersion),
            "format": .string(behaviour.setup.endpointFormat), "secret": .string(settings.webhookSecret),
            "organization_id": .string(kept.organizationID),
            "events": .array((behaviour.setup.endpointEvents ?? Self.eventTypes).map(JSON.string)),
            "enabled": .bool(kept.isEndpointEnabled),
            "uses_standard_webhook_signature": .bool(behaviour.scheme == .standard),
        ]
    }

    static let eventTypes = [
        "checkout.created", "checkout.updated", "checkout.expired", "customer.created", "order.created",
        "order.updated", "order.paid", "order.refunded", "refund.created", "refund.updated", "benefit_grant.created",
        "benefit_grant.revoked",
    ]

    /// `GET /v1/webhooks/deliveries`: every attempt, newest first.
    func listDeliveries(_ request: Request) throws(APIFailure) -> Response {
        var listing = Listing(request)
        let endpoints = listing.uuids("endpoint_id")
        let succeeded = listing.flag("succeeded")
        let types = listing.choices("event_type", among: Self.eventTypes)
        let classes = listing.choices("http_code_class", among: ["2xx", "3xx", "4xx", "5xx"])
        let start = listing.moment("start_timestamp")
        let end = listing.moment("end_timestamp")
        let all = kept.eventIDs.compactMap { kept.events[$0] }.flatMap { event in event.attempts.map { (event, $0) } }
        let found = all.filter { event, attempt in
            endpoints.allows(kept.endpointID) && succeeded.map { $0 == attempt.succeeded } ?? true
                && types.allows(event.type) && classes.allows(attempt.httpCode.map { "\($0 / 100)xx" })
                && start.map { attempt.at >= $0 } ?? true && end.map { attempt.at <= $0 } ?? true
        }
        return try listing.page(of: found.sorted { $0.1.at > $1.1.at }) { event, attempt in
            [
                "created_at": .string(attempt.at.text), "modified_at": .null, "id": .string(attempt.id),
                "succeeded": .bool(attempt.succeeded), "http_code": .optional(attempt.httpCode.map(Int64.init)),
                "response": .string(attempt.response), "webhook_event": webhookEvent(event),
            ]
        }
    }

    private func webhookEvent(_ event: Event) -> JSON {
        let isFinished = event.status == .succeeded || event.status == .failed
        return [
            "created_at": .string(event.createdAt.text), "modified_at": .null, "id": .string(event.id),
            "last_http_code": .optional(event.attempts.last?.httpCode.map(Int64.init)),
            "succeeded": isFinished ? .bool(event.status == .succeeded) : .null,
            "skipped": .bool(event.status == .skipped), "api_version": .string(settings.apiVersion),
            "payload": .string(event.body), "type": .string(event.type), "is_archived": false,
        ]
    }

    /// `POST /v1/webhooks/events/{id}/redeliver`
    mutating func redeliverEvent(_ id: String) throws(APIFailure) -> Response {
        let id = try Self.identifier(id)
        guard kept.events[id] != nil else { throw .notFound }
        redeliver(id)
        return .json(.accepted, .null)
    }
}
