import Crypto
import JSON
import TestSupport
import Testing

@testable import Core

@Suite struct WebhookEventTests {
    private static func event(_ bytes: [UInt8]) throws(WebhookEventError) -> WebhookEvent {
        try WebhookEvent(Delivery(id: "1", sent: TestStore.now, body: bytes))
    }

    private static func event(_ text: String) throws(WebhookEventError) -> WebhookEvent {
        try event(Array(text.utf8))
    }

    @Test(arguments: Fixtures.versions, Fixtures.payloads)
    func readsWhatPolarSends(version: String, payload: String) throws {
        let event = try Self.event(try Fixtures.bytes("\(version)/\(payload).json"))
        let kind = payload.dropFirst(3).prefix { $0 != "-" }
        #expect(event.type == kind)
        switch event.subject {
        case .order(let order):
            #expect(kind.hasPrefix("order."))
            #expect(order.amounts != nil && order.status != nil && order.isPaid != nil)
            #expect(order.clock == event.clock)
        case .checkout(let checkout):
            #expect(kind.hasPrefix("checkout."))
            #expect(checkout.status != .creating)
        case .elsewhere(let order):
            #expect(!kind.hasPrefix("order.") && !kind.hasPrefix("checkout."))
            #expect((order != nil) == (kind != "customer.created"))
        }
    }

    @Test(arguments: Fixtures.payloads) func bothVersionsTellTheSame(_ payload: String) throws {
        let events = try Fixtures.versions.map { version in
            try Self.event(try Fixtures.bytes("\(version)/\(payload).json"))
        }
        #expect(events[0] == events[1])
    }

    /// What Polar may add some day, and what it means today.
    @Test(arguments: [
        (
            #"{"type":"order.frozen","timestamp":"2026-11-20T10:15:02Z","data":{}}"#,
            WebhookEvent.Subject.elsewhere(order: nil)
        ),
        (#"{"type":"x","timestamp":"2026-11-20T10:15:02Z","data":{"order_id":7},"new":[{}]}"#, .elsewhere(order: nil)),
        (#"{"type":"checkout.updated","timestamp":"2026-11-20T10:15:02Z","data":{"id":"x"}}"#, .elsewhere(order: nil)),
    ])
    func readsWhatItDoesNotKnow(_ text: String, _ subject: WebhookEvent.Subject) throws {
        #expect(try Self.event(text).subject == subject)
    }

    @Test func unknownValuesOfAnOrderAreLeftForTheDecision() throws {
        let event = try Self.event(
            #"""
            {"type":"order.updated","timestamp":"2026-11-20T10:15:02.5+01:00","api_version":"2099-01","data":{
            "id":"57107B74-8400-4D80-A2FC-54C2B4239CB3","status":"frozen","paid":"yes","billing_reason":7,
            "product_id":"x","currency":["usd"],"net_amount":1.5,"units":"2","seats":{},"metadata":[],"customer":"c"}}
            """#)
        guard case .order(let order) = event.subject else { Issue.record("no order"); return }
        #expect(order.id.text == "57107b74-8400-4d80-a2fc-54c2b4239cb3")
        #expect(order.status == nil && order.isPaid == nil && order.billingReason == nil && order.product == nil)
        #expect(order.amounts == nil && order.currency == nil && order.units == .unreadable && order.hasSeats)
        #expect(order.metadataUser == nil && order.externalUser == nil)
        #expect(event.clock == PolarClock("2026-11-20T09:15:02.500000Z"))
    }

    @Test(arguments: [
        ("", "not JSON"), ("[]", "type"), (#"{"type":1}"#, "type"), (#"{"type":""}"#, "type"),
        (#"{"type":"\#(String(repeating: "t", count: 101))"}"#, "type"), (#"{"type":"x"}"#, "timestamp"),
        (#"{"type":"x","timestamp":1763633702,"data":{}}"#, "timestamp"),
        (#"{"type":"x","timestamp":"yesterday","data":{}}"#, "timestamp"),
        (#"{"type":"x","timestamp":"2026-11-20","data":{}}"#, "timestamp"),
        (#"{"type":"x","timestamp":"2026-11-20T10:15:02Z"}"#, "data"),
        (#"{"type":"x","timestamp":"2026-11-20T10:15:02Z","data":null}"#, "data"),
        (#"{"type":"x","timestamp":"2026-11-20T10:15:02Z","data":[]}"#, "data"),
        (#"{"type":"order.paid","timestamp":"2026-11-20T10:15:02Z","data":{}}"#, "data.id"),
        (#"{"type":"order.paid","timestamp":"2026-11-20T10:15:02Z","data":{"id":"7"}}"#, "data.id"),
        (#"{"type":"order.paid","type":"x","timestamp":"2026-11-20T10:15:02Z","data":{}}"#, "not JSON"),
        (#"{"type":"x","timestamp":"2026-11-20T10:15:02Z","data":{"a":1,"a":1}}"#, "not JSON"),
    ])
    func cannotRead(_ text: String, _ fault: String) {
        let error = #expect(throws: WebhookEventError.self) { try Self.event(text) }
        #expect(error?.description.hasPrefix(fault) == true)
    }

    @Test func anErrorTellsNothingOfTheBody() {
        for text in [#"{"type":"hunter2""#, #"{"type":"hunter2"}"#, #"hunter2"#] {
            let error = #expect(throws: WebhookEventError.self) { try Self.event(text) }
            #expect(error?.description.contains("hunter2") == false)
        }
    }

    /// A snapshot is stored in Polar's shape and read again for the next decision.
    @Test(arguments: ["01-order.created-paid", "05-order.created-draft", "10-order.refunded-partial-1"])
    func aSnapshotSurvivesBeingStored(_ payload: String) throws {
        let event = try Self.event(try Fixtures.bytes("2026-10/\(payload).json"))
        guard case .order(let order) = event.subject else { Issue.record("no order"); return }
        let again = try #require(OrderSnapshot(order.json, at: order.clock))
        #expect(again.json == order.json)
        #expect(again.amounts == order.amounts && again.units == order.units && again.status == order.status)
        #expect(!order.json.text.contains("@"), "no address of the buyer's is kept")
    }
}
