import JSON
import Testing

@testable import Core

/// What an order is worth, by its state alone: every rule of "Orders", from both sides of its edges.
@Suite struct OrderDecisionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let expected: OrderDecision
        let order: TestOrder

        init(_ description: String, _ expected: OrderDecision, _ change: @escaping (inout TestOrder) -> Void) {
            (testDescription, self.expected, order) = (description, expected, TestOrder(change))
        }
    }

    static let catalogue = Catalogue(product: TestStore.product, creditsPerPack: 420, packPrice: 500, currency: "usd")
    static let whole = OrderDecision.grant(target: 420, pack: 420)
    static let none = OrderDecision.grant(target: 0, pack: 420)

    static let states = [
        Case("paid", whole) { _ in },
        Case("refunded", none) {
            $0.status = "refunded"; $0.refunded = 500
        },
        Case("refunded by word alone", none) { $0.status = "refunded" },
        Case("draft", .unpaid) {
            $0.status = "draft"; $0.paid = false
        },
        Case("pending", .unpaid) {
            $0.status = "pending"; $0.paid = false
        },
        Case("void", .unpaid) {
            $0.status = "void"; $0.paid = false
        },
        Case("pending without a word on payment", .unpaid) {
            $0.status = "pending"; $0.paid = .null
        },
        Case("paid by status alone", .parked(.statusDisagrees)) { $0.paid = false },
        Case("paid by status, no word on payment", .parked(.statusDisagrees)) { $0.paid = .null },
        Case("refunded but not paid", .parked(.statusDisagrees)) {
            $0.status = "refunded"; $0.paid = false
        },
        Case("pending but paid", .parked(.statusDisagrees)) { $0.status = "pending" },
        Case("void but paid", .parked(.statusDisagrees)) { $0.status = "void" },
        Case("a status of the future, paid", .parked(.statusUnknown)) { $0.status = "frozen" },
        Case("a status of the future, not paid", .unpaid) {
            $0.status = "frozen"; $0.paid = false
        },
        Case("no status, paid", .parked(.statusUnknown)) { $0.status = .null },
        Case("a status in capitals, paid", .parked(.statusUnknown)) { $0.status = "PAID" },
    ]

    static let kinds = [
        Case("another product", .recorded(.foreignProduct)) { $0.product = .string(uuid(9)) },
        Case("no product: a wallet is filled", .recorded(.foreignProduct)) { $0.product = .null },
        Case("another product, not paid", .recorded(.foreignProduct)) {
            $0.product = .null; $0.paid = false
        },
        Case("the product in capitals", whole) { $0.product = .string(TestStore.product.text.uppercased()) },
        Case("a subscription", .recorded(.subscription)) { $0.subscription = "s1" },
        Case("a subscription's cycle", .recorded(.subscription)) { $0.reason = "subscription_cycle" },
        Case("a reason of the future", .parked(.billingReason)) { $0.reason = "gift" },
        Case("no reason", .parked(.billingReason)) { $0.reason = .null },
        Case("seats", .parked(.seats)) { $0.seats = 2 },
        Case("another currency", .parked(.currency)) { $0.currency = "eur" },
        Case("no currency", .parked(.currency)) { $0.currency = .null },
        Case("the currency in capitals", whole) { $0.currency = "USD" },
    ]

    static let amounts = [
        Case("nothing paid", .parked(.nothingPaid)) { $0.net = 0 },
        Case("one cent paid", whole) { $0.net = 1 },
        Case("no net amount", .parked(.amounts)) { $0.net = .null },
        Case("net below zero", .parked(.amounts)) { $0.net = -1 },
        Case("net with a fraction", .parked(.amounts)) { $0.net = .decimal("500.0") },
        Case("net as text", .parked(.amounts)) { $0.net = "500" },
        Case("net beyond Int64", .parked(.amounts)) { $0.net = .decimal("9223372036854775808") },
        Case("net beyond any sale", .parked(.amounts)) { $0.net = 1_000_000_000_000_001 },
        Case("net at the edge of any sale", whole) { $0.net = 1_000_000_000_000_000 },
        Case("subtotal below zero", .parked(.amounts)) { $0.subtotal = -1 },
        Case("refunded below zero", .parked(.amounts)) { $0.refunded = -1 },
        Case("balance as text", .parked(.amounts)) { $0.balance = "0" },
        Case("paid whole from a balance", whole) { $0.balance = -500 },
        Case("refunded without anything to refund", .parked(.amounts)) {
            $0.balance = -500; $0.refunded = 1
        },
        Case("refunded below nothing to refund", .parked(.amounts)) {
            $0.balance = -501; $0.refunded = 1
        },
    ]

    static let units = [
        Case("one unit", whole) { $0.units = 1 },
        Case("three units", .grant(target: 1260, pack: 1260)) {
            $0.units = 3; $0.subtotal = 1500
        },
        Case("a million units", .grant(target: 420_000_000, pack: 420_000_000)) {
            $0.units = 1_000_000; $0.subtotal = 500_000_000
        },
        Case("a million and one", .parked(.units)) { $0.units = 1_000_001 },
        Case("no units at all", .parked(.units)) { $0.units = 0 },
        Case("units below zero", .parked(.units)) { $0.units = -1 },
        Case("the greatest units", .parked(.units)) { $0.units = .integer(.max) },
        Case("units with a fraction", .parked(.units)) { $0.units = .decimal("1.5") },
        Case("units as text", .parked(.units)) { $0.units = "2" },
    ]

    /// Without a checkout of ours the order costs what its packs do, before discount.
    static let prices = [
        Case("an order of one cent", .parked(.priceMismatch)) {
            $0.subtotal = 1; $0.net = 1
        },
        Case("one cent too little", .parked(.priceMismatch)) {
            $0.subtotal = 499; $0.net = 499
        },
        Case("one cent too much", .parked(.priceMismatch)) {
            $0.subtotal = 501; $0.net = 501
        },
        Case("two packs' price for one", .parked(.priceMismatch)) { $0.subtotal = 1000 },
        Case("one pack's price for two", .parked(.priceMismatch)) { $0.units = 2 },
        Case("two packs' price for two", .grant(target: 840, pack: 840)) {
            $0.units = 2; $0.subtotal = 1000
        },
        Case("a cent off two packs' price", .parked(.priceMismatch)) {
            $0.units = 2; $0.subtotal = 999
        },
        Case("no subtotal", .parked(.priceMismatch)) { $0.subtotal = .null },
        Case("less a discount, which is Polar's", whole) { $0.net = 100 },
        Case("a price with its tax inside", whole) { $0.net = 417 },
        Case("a discount of everything", .parked(.nothingPaid)) { $0.net = 0 },
        Case("nothing for nothing", .parked(.nothingPaid)) {
            $0.subtotal = 0; $0.net = 0
        },
        Case("refunded at another price", .parked(.priceMismatch)) {
            $0.subtotal = 1; $0.net = 1; $0.refunded = 1; $0.status = "refunded"
        },
        Case("not paid at another price", .unpaid) {
            $0.subtotal = 1; $0.status = "pending"; $0.paid = false
        },
        Case("another product at our price", .recorded(.foreignProduct)) { $0.product = .string(uuid(9)) },
    ]

    /// `420 - ceil(420 · min(refunded, base) / base)`
    static let refunds = [
        Case("one cent of 500", .grant(target: 419, pack: 420)) { $0.refunded = 1 },
        Case("a fifth", .grant(target: 336, pack: 420)) { $0.refunded = 100 },
        Case("a hair more than a fifth", .grant(target: 335, pack: 420)) { $0.refunded = 101 },
        Case("all but one cent", none) { $0.refunded = 499 },
        Case("all, by amount alone", none) { $0.refunded = 500 },
        Case("more than all", none) { $0.refunded = 501 },
        Case("far more than all", none) { $0.refunded = 1_000_000_000_000_000 },
        Case("a third of a balance purchase", .grant(target: 210, pack: 420)) {
            $0.balance = -300; $0.refunded = 100
        },
        Case("the whole base of a balance purchase", none) {
            $0.balance = -300; $0.refunded = 200
        },
        Case("a half where the balance adds", .grant(target: 210, pack: 420)) {
            $0.balance = 500; $0.refunded = 500
        },
        Case("a third by word of partial", .grant(target: 280, pack: 420)) {
            $0.status = "partially_refunded"
            $0.net = 300
            $0.refunded = 100
        },
        Case("partial by word alone", whole) { $0.status = "partially_refunded" },
        Case("products beyond 64 bits", .grant(target: 209_999_999, pack: 420_000_000)) {
            $0.units = 1_000_000
            $0.subtotal = 500_000_000
            $0.net = 1_000_000_000_000_000
            $0.refunded = 500_000_000_000_001
        },
    ]

    @Test(arguments: states + kinds + amounts + units + prices + refunds)
    func decides(_ example: Case) {
        #expect(decision(example.order) == example.expected)
    }

    private func decision(
        _ order: TestOrder, lock: PriceLock? = nil, earlierPack: Int64? = nil, wasPaid: Bool = false,
        hasLostDispute: Bool = false, isAssigned: Bool = false
    ) -> OrderDecision {
        OrderDecision(
            order.snapshot, catalogue: Self.catalogue, lock: lock, earlierPack: earlierPack,
            wasPaid: wasPaid, hasLostDispute: hasLostDispute, isAssigned: isAssigned)
    }

    private static let lock = PriceLock(product: TestStore.product, credits: 900, amount: 1000, currency: "usd")

    @Test(arguments: [
        Case("as promised", .grant(target: 900, pack: 900)) {
            $0.subtotal = 1000; $0.net = 1000
        },
        Case("as promised, less a discount", .grant(target: 900, pack: 900)) {
            $0.subtotal = 1000; $0.net = 1
        },
        Case("as promised, whatever the units", .grant(target: 900, pack: 900)) {
            $0.subtotal = 1000; $0.units = 7
        },
        Case("half refunded", .grant(target: 450, pack: 900)) {
            $0.subtotal = 1000; $0.net = 1000; $0.refunded = 500
        },
        Case("one cent less", .parked(.checkoutMismatch)) { $0.subtotal = 999 },
        Case("one cent more", .parked(.checkoutMismatch)) { $0.subtotal = 1001 },
        Case("another product", .parked(.checkoutMismatch)) {
            $0.subtotal = 1000; $0.product = .string(uuid(9))
        },
        Case("no product", .parked(.checkoutMismatch)) {
            $0.subtotal = 1000; $0.product = .null
        },
        Case("another currency", .parked(.currency)) {
            $0.subtotal = 1000; $0.currency = "eur"
        },
        Case("nothing paid", .parked(.nothingPaid)) {
            $0.subtotal = 1000; $0.net = 0
        },
    ])
    func aCheckoutsPromiseCounts(_ example: Case) {
        #expect(decision(example.order, lock: Self.lock) == example.expected)
    }

    @Test func theCurrencyIsThePromisesAndNotTodays() {
        let lock = PriceLock(product: TestStore.product, credits: 900, amount: 500, currency: "eur")
        #expect(decision(TestOrder { $0.currency = "eur" }, lock: lock) == .grant(target: 900, pack: 900))
        #expect(decision(TestOrder(), lock: lock) == .parked(.currency))
    }

    @Test func whatAnOrderWasSoldForStays() {
        #expect(decision(TestOrder(), earlierPack: 300) == .grant(target: 300, pack: 300))
        #expect(decision(TestOrder { $0.refunded = 250 }, earlierPack: 300) == .grant(target: 150, pack: 300))
        #expect(
            decision(TestOrder { $0.product = .string(uuid(9)) }, earlierPack: 300) == .grant(target: 300, pack: 300))
    }

    @Test func whatWasSoldOnceIsNotComparedWithALaterPrice() {
        let order = TestOrder { $0.subtotal = 300 }
        #expect(decision(order, earlierPack: 420) == Self.whole)
        #expect(decision(order, isAssigned: true) == Self.whole)
        #expect(decision(order) == .parked(.priceMismatch))
    }

    /// Only a status that we know says that an order is paid no more.
    @Test(arguments: ["frozen", "PAID", ""], [false, .null] as [JSON])
    func aStatusThatNobodyKnowsTakesNothing(_ status: String, _ paid: JSON) {
        let order = TestOrder {
            $0.status = .string(status); $0.paid = paid
        }
        #expect(decision(order, earlierPack: 420, wasPaid: true) == .parked(.statusUnknown))
        #expect(decision(order, wasPaid: true, isAssigned: true) == .parked(.statusUnknown))
        #expect(decision(order) == .unpaid)
        #expect(
            decision(
                TestOrder {
                    $0.status = "void"; $0.paid = paid
                }, earlierPack: 420, wasPaid: true) == .unpaid)
    }

    @Test func aLostDisputeTakesEverything() {
        #expect(decision(TestOrder(), hasLostDispute: true) == Self.none)
        #expect(decision(TestOrder { $0.refunded = 1 }, hasLostDispute: true) == Self.none)
        #expect(
            decision(
                TestOrder {
                    $0.status = "void"; $0.paid = false
                }, hasLostDispute: true) == .unpaid)
    }

    /// A clawback never leaves more than its share of the money does, nor less than a whole credit below it.
    @Test func theShareIsRoundedUp() {
        for pack in Int64(1)...12 {
            for net in Int64(1)...12 {
                for refunded in 0...net {
                    let order = TestOrder {
                        $0.net = .integer(net); $0.refunded = .integer(refunded)
                    }
                    guard case .grant(let target, pack) = decision(order, earlierPack: pack) else {
                        Issue.record("\(pack) \(net) \(refunded)")
                        return
                    }
                    let taken = pack - target
                    #expect(taken * net >= pack * refunded && (taken - 1) * net < pack * refunded)
                }
            }
        }
    }

    /// Events of one moment carry one time; the order that got further is the newer one.
    @Test(arguments: [
        ("paid after pending", "pending", "paid", 0, 0, 0, true),
        ("refunded after paid", "paid", "refunded", 0, 0, 0, true),
        ("the same again", "paid", "paid", 0, 0, 0, true), ("a microsecond later", "paid", "pending", 1, 0, 0, true),
        ("a microsecond earlier", "paid", "refunded", -1, 0, 0, false),
        ("pending after paid", "paid", "pending", 0, 0, 0, false),
        ("more refunded", "partially_refunded", "partially_refunded", 0, 100, 200, true),
        ("less refunded", "partially_refunded", "partially_refunded", 0, 200, 100, false),
    ])
    func newer(
        _ description: String, _ first: String, _ second: String, _ later: Int64, _ refunded: Int64, _ then: Int64,
        _ counts: Bool
    ) {
        let earlier = TestOrder {
            $0.status = .string(first); $0.refunded = .integer(refunded)
        }
        let next = earlier.later(by: later) {
            $0.status = .string(second); $0.refunded = .integer(then)
        }
        #expect(next.snapshot.isOlder(than: earlier.snapshot) == !counts, "\(description)")
    }
}
