import JSON
import Testing

@testable import Core
@testable import Interface

/// One shape for each kind of thing: what is written is what is described, wherever it is written.
@Suite struct ShapeTests {
    static let now = Instant(unixSeconds: 1_795_000_000)
    static let order = Order.ID(random: [UInt8](repeating: 9, count: 16))
    static let generation = Generation.ID(random: [UInt8](repeating: 8, count: 16))

    static func entry(_ kind: LedgerEntry.Kind = .adjustment, reason: String? = "why") throws -> LedgerEntry {
        LedgerEntry(
            id: 9_007_199_254_740_993, user: try #require(UserID("ada")), kind: kind, amount: -5, balanceAfter: 15,
            order: order, generation: nil, actor: "root", reason: reason, createdAt: now)
    }

    static func payment(status: String? = "paid", user: UserID? = UserID("ada")) -> PaymentReport {
        PaymentReport(
            order: order, environment: .sandbox, user: user, checkout: nil, state: .applied, reason: nil,
            status: status, currency: "usd", net: 500, refunded: 0, pack: 420, target: 420, debt: .zero,
            hasLostDispute: true, clock: PolarClock(rawValue: now.rawValue * 1000), createdAt: now, updatedAt: now,
            assignedUser: nil, note: nil)
    }

    static let delivery = DeliverySummary(
        place: 1, id: "msg", environment: .production, type: nil, order: order, verdict: .otherEnvironment,
        reason: nil, bodyBytes: nil, sentAt: now, receivedAt: now, replayedAt: nil)

    @Test func anEntryHasOneIdInEveryView() throws {
        let entry = try Self.entry()
        let text = JSON.string("9007199254740993")
        for shape in [LedgerEntry.row, LedgerEntry.shape, LedgerEntry.full, LedgerEntry.adjustment] {
            #expect(shape.json(entry)["id"] == text)
        }
        #expect(LedgerEntry.row.cells(entry).first == 9_007_199_254_740_993, "a bare number in a table")
    }

    @Test func theApiSaysAnEntryInItsOrder() throws {
        #expect(
            LedgerEntry.shape.json(try Self.entry()).text
                == """
                {"id":"9007199254740993","kind":"adjustment","amount":-5,"balance_after":15,\
                "created_at":"\(Self.now.rfc3339)","order_id":"\(Self.order.text)","generation_id":null,"reason":"why"}
                """)
    }

    @Test func aRowStandsBelowItsColumns() throws {
        let payment = Self.payment()
        let row = Dictionary(
            uniqueKeysWithValues: zip(PaymentReport.row.columns, PaymentReport.row.cells(payment)))
        #expect(row.count == 17 && row["credits"] == 420 && row["dispute_lost"] == 1 && row["note"] == .null)
        #expect(PaymentReport.shape.json(payment)["dispute_lost"] == true)
    }

    @Test func aViewKeepsWhatItsFieldsAre() {
        let whole = PaymentReport.shape.schema["properties"]
        for member in PaymentReport.row.schema["properties"]?.members ?? [] {
            #expect(member.value == whole?[member.name])
        }
        #expect(PaymentReport.row.schema["required"]?.array?.count == 17)
    }

    /// Every schema is asked what it thinks of values as they are, at both ends of what may be absent.
    @Test func whatIsWrittenIsWhatIsDescribed() throws {
        let (entry, bare) = (try Self.entry(), try Self.entry(.trial, reason: nil))
        expect(LedgerEntry.row, [entry, bare])
        expect(LedgerEntry.shape, [entry, bare])
        expect(LedgerEntry.full, [entry, bare])
        expect(LedgerEntry.adjustment, [entry])
        expect(PaymentReport.full, [Self.payment(), Self.payment(status: nil, user: nil)])
        expect(DeliverySummary.shape, [Self.delivery])
        expect(
            DeliveryDetail.shape,
            [
                DeliveryDetail(
                    summary: Self.delivery, headers: [.init(name: "webhook-id", value: "a")], body: [0x7B, 0xFF])
            ])
        expect(Replay.shape, [Replay(webhook: "a", receipt: .unreadable)])
        expect(Dismissal.shape, [Dismissal(order: Self.order, note: "n")])
        expect(
            Assignment.shape,
            [
                Assignment(order: Self.order, user: try #require(UserID("ada")), outcome: .parked(.unknownUser)),
                Assignment(order: Self.order, user: try #require(UserID("ada")), outcome: .unchanged),
            ])
    }

    @Test func aChangedFieldWouldBeNoticed() throws {
        var wrong = LedgerEntry.shape.json(try Self.entry())
        wrong = wrong.replacing("kind", with: "gift")
        #expect(!Schema.admits(wrong, LedgerEntry.shape.schema))
        #expect(
            !Schema.admits(wrong.replacing("kind", with: "trial").replacing("id", with: 5), LedgerEntry.shape.schema))
        #expect(!Schema.admits(["id": "5"], LedgerEntry.shape.schema), "a field that is always there")
    }

    private func expect<Value>(_ shape: Shape<Value>, _ values: [Value]) {
        for value in values {
            let json = shape.json(value)
            #expect(Schema.admits(json, shape.schema), "\(shape.name): \(json.text)")
            #expect(json.members?.map(\.name) == shape.columns)
            #expect(shape.cells(value).count == shape.columns.count)
        }
    }
}

/// As much of JSON Schema as the shapes use.
enum Schema {
    static func admits(_ value: JSON, _ schema: JSON) -> Bool {
        if let words = schema["enum"]?.array, !words.contains(value) { return false }
        if let only = schema["const"], only != value { return false }
        if let choices = schema["oneOf"]?.array, choices.count(where: { admits(value, $0) }) != 1 { return false }
        if let type = schema["type"], !(type.array ?? [type]).contains(self.type(of: value)) { return false }
        if let least = schema["minimum"]?.integer, let number = value.integer, number < least { return false }
        if let most = schema["maximum"]?.integer, let number = value.integer, number > most { return false }
        if let not = schema["not"], admits(value, not) { return false }
        guard let members = value.members else { return true }
        let names = schema["required"]?.array?.compactMap(\.string) ?? []
        guard names.allSatisfy({ name in members.contains { $0.name == name } }) else { return false }
        return members.allSatisfy { member in
            schema["properties"]?[member.name].map { admits(member.value, $0) } ?? true
        }
    }

    private static func type(of value: JSON) -> JSON {
        switch value {
        case .null: "null"
        case .bool: "boolean"
        case .integer: "integer"
        case .decimal: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}
