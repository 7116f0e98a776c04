import Database
import JSON
import TestSupport
import Testing

@testable import Core

/// Whose order it is: the checkout's user, else the metadata's, else the customer's; never the e-mail.
@Suite struct OrderEvidenceTests {
    private let test: TestStore

    init() throws { test = try TestStore() }

    /// A checkout of ours, opened by that user for two packs.
    private func open(_ user: String, environment: Environment = .sandbox) throws -> Checkout.PolarID {
        let id = Checkout.ID(random: .init(repeating: 1, count: 16))
        let polarID = try #require(Checkout.PolarID(uuid(77)))
        let scope = OrderScope(environment: environment, product: TestStore.product)
        let profile = Profile(user: try test.user(user))
        guard case .opened = try test.store.checkouts.open(id, of: 2, for: profile, in: scope, at: TestStore.now) else {
            throw DatabaseError(brokenRule: "a first checkout is opened", at: user)
        }
        try test.store.checkouts.created(
            id,
            Checkout.OpenSession(
                id: polarID, url: "https://polar.sh/x", clientSecret: "s",
                expiresAt: TestStore.now.advanced(by: .seconds(3600))))
        return polarID
    }

    private func change(_ outcome: OrderOutcome) throws -> OrderChange {
        guard case .applied(let change) = outcome else {
            throw DatabaseError(brokenRule: "the order is applied", at: "\(outcome)")
        }
        return change
    }

    private func ofCheckout(_ id: Checkout.PolarID, _ change: (inout TestOrder) -> Void = { _ in }) -> TestOrder {
        TestOrder {
            $0.checkout = .string(id.text)
            ($0.subtotal, $0.net) = (1000, 1000)
            change(&$0)
        }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let checkout: String?
        let metadata: JSON
        let external: JSON
        let user: String?
        let disagrees: Bool

        init(
            _ description: String, _ checkout: String?, _ metadata: JSON, _ external: JSON, _ user: String?,
            disagrees: Bool = false
        ) {
            (testDescription, self.checkout, self.metadata) = (description, checkout, metadata)
            (self.external, self.user, self.disagrees) = (external, user, disagrees)
        }
    }

    @Test(arguments: [
        Row("all three agree", "ada", ["user_id": "ada"], "ada", "ada"),
        Row("the checkout alone", "ada", .null, .null, "ada"),
        Row("the metadata alone", nil, ["user_id": "ada"], .null, "ada"),
        Row("the customer alone", nil, [:], "ada", "ada"),
        Row("the checkout against the metadata", "ada", ["user_id": "bob"], .null, "ada", disagrees: true),
        Row("the checkout against the customer", "ada", .null, "bob", "ada", disagrees: true),
        Row("the metadata against the customer", nil, ["user_id": "ada"], "bob", "ada", disagrees: true),
        Row("nobody", nil, [:], .null, nil),
        Row("an e-mail address alone", nil, ["email": "ada@example.com"], .null, nil),
        Row("an empty name", nil, ["user_id": ""], .null, nil),
        Row("a name that is a number", nil, ["user_id": 7], .null, nil),
        Row("a name with a control character", nil, ["user_id": "a\nb"], "ada", "ada"),
        Row("a name too long", nil, ["user_id": .string(String(repeating: "a", count: 256))], .null, nil),
    ])
    func theStrongestWins(_ row: Row) throws {
        let checkout = try row.checkout.map { try open($0) }
        let order = TestOrder {
            if let checkout {
                $0.checkout = .string(checkout.text)
                ($0.subtotal, $0.net) = (1000, 1000)
            }
            ($0.metadata, $0.external) = (row.metadata, row.external)
        }
        let outcome = try test.apply(order)
        guard let user = row.user else {
            #expect(outcome == .parked(.unknownUser))
            #expect(try test.integers("SELECT count(*) FROM users") == [0])
            try test.verify()
            return
        }
        let change = try change(outcome)
        #expect(change.user.text == user)
        #expect(change.evidenceDisagrees == row.disagrees)
        #expect(change.entries.map(\.amount.rawValue) == [checkout == nil ? 420 : 840])
        try test.verify()
    }

    @Test func theCheckoutsPromiseStandsAfterAChangeOfSettings() throws {
        let id = try open("ada")
        try test.set(["credits_per_pack": 1, "pack_price_cents": 50])
        #expect(try change(test.apply(ofCheckout(id))).entries.map(\.amount) == [840])
        let checkout = try test.store.checkouts.find(id, of: test.user(), in: .sandbox, at: TestStore.now)
        #expect(checkout?.granted == 840)
        try test.verify()
    }

    @Test func anotherSumThanPromisedIsParked() throws {
        let id = try open("ada")
        #expect(try test.apply(ofCheckout(id) { $0.subtotal = 999 }) == .parked(.checkoutMismatch))
        #expect(try test.balance() == 10)
        try test.verify()
    }

    @Test func aCheckoutOfTheOtherEnvironmentGrantsNothing() throws {
        let id = try open("ada", environment: .production)
        #expect(try test.apply(ofCheckout(id)) == .otherEnvironment)
        #expect(try test.balance() == 10)
        #expect(try test.integers("SELECT count(*) FROM payments") == [0])
        try test.verify()
    }

    @Test func aCheckoutThatIsNotOursDoesNotCount() throws {
        #expect(try change(test.apply(TestOrder { $0.checkout = .string(uuid(5)) })).entries.map(\.amount) == [420])
        try test.verify()
    }

    @Test func anOrderKeepsItsUserOnceGranted() throws {
        try test.apply(TestOrder())
        let later = TestOrder().refunded(500)
        let change = try change(test.apply(later.later { $0.metadata = ["user_id": "bob"] }))
        #expect(change.user.text == "ada")
        #expect(change.evidenceDisagrees)
        #expect(try test.balance("bob") == nil)
        try test.verify()
    }

    @Test func aParkedOrderFindsItsUserLater() throws {
        #expect(try test.apply(TestOrder { $0.metadata = [:] }) == .parked(.unknownUser))
        #expect(try change(test.apply(TestOrder().later())).user.text == "ada")
        try test.verify()
    }

    @Test func usersThatLookTheSameAreTwo() throws {
        try test.apply(TestOrder { $0.metadata = ["user_id": "\u{E9}"] })
        try test.apply(
            TestOrder {
                $0.id = uuid(2); $0.metadata = ["user_id": "e\u{301}"]
            })
        #expect(try test.balance("\u{E9}") == 430)
        #expect(try test.balance("e\u{301}") == 430)
        try test.verify()
    }

    /// The row of a checkout that was opened after the backup that was restored.
    @Test func aLostCheckoutsPromiseIsKept() throws {
        let promised = TestOrder {
            $0.metadata = ["user_id": "ada", "promised_credits": 2100, "promised_amount": 2500]
            $0.checkout = .string(uuid(5))
            $0.subtotal = 2500
            $0.net = 2500
        }
        #expect(try change(test.apply(promised)).entries.map(\.amount) == [2100])
        #expect(try change(test.apply(promised.refunded(1250))).entries.map(\.amount) == [-1050])
        try test.verify()
    }

    @Test func aPromiseCountsOnlyForItsPriceAndItsCheckout() throws {
        let metadata: JSON = ["user_id": "ada", "promised_credits": 2100, "promised_amount": 2500]
        let cheaper = TestOrder {
            $0.metadata = metadata
            $0.checkout = .string(uuid(5))
        }
        #expect(try test.apply(cheaper) == .parked(.checkoutMismatch))
        let withoutCheckout = TestOrder {
            $0.id = uuid(2)
            $0.metadata = metadata
        }
        #expect(try change(test.apply(withoutCheckout)).entries.map(\.amount) == [420])
        let tooMuch = TestOrder {
            $0.id = uuid(3)
            $0.metadata = ["user_id": "ada", "promised_credits": 20_000_001, "promised_amount": 500]
            $0.checkout = .string(uuid(6))
        }
        #expect(try change(test.apply(tooMuch)).entries.map(\.amount) == [420])
        try test.verify()
    }
}
