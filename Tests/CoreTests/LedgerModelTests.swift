import JSON
import TestSupport
import Testing

@testable import Core

/// Long, seeded histories of orders, refunds that bounce, adjustments and generations of two users, against the store
/// and against a model of a few lines. A failure names its seed; run that seed alone to debug.
@Suite struct LedgerModelTests {
    /// What the rules say, without a database.
    private struct Model {
        struct Sale {
            let order: TestOrder
            let user: String
            let pack: Int64
            var target: Int64 = 0
            var debt: Int64 = 0
            var refunded: Int64 = 0
        }

        var balance = ["ada": Int64(10), "bob": 10]
        var debt = ["ada": Int64(0), "bob": 0]
        var sales: [Sale] = []
        var generations: [(id: Generation.ID, user: String)] = []

        mutating func move(_ sale: Int, to target: Int64, isNew: Bool) {
            let (user, step) = (sales[sale].user, target - sales[sale].target)
            sales[sale].target = target
            if step < 0 {
                let taken = min(-step, balance[user, default: 0])
                balance[user, default: 0] -= taken
                debt[user, default: 0] += -step - taken
                sales[sale].debt += -step - taken
            } else {
                if !isNew {
                    let forgiven = min(step, debt[user, default: 0], sales[sale].debt)
                    debt[user, default: 0] -= forgiven
                    sales[sale].debt -= forgiven
                    return give(step - forgiven, to: user)
                }
                give(step, to: user)
            }
        }

        /// What comes back pays what is owed first.
        mutating func give(_ credits: Int64, to user: String) {
            let repaid = min(credits, debt[user, default: 0])
            debt[user, default: 0] -= repaid
            balance[user, default: 0] += credits - repaid
        }
    }

    @Test(arguments: UInt64(1)...30) func theStoreAgreesWithTheModel(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let test = try TestStore()
        try test.seen("ada")
        try test.seen("bob")
        var model = Model()
        for step in 1...120 {
            let user = Bool.random(using: &random) ? "ada" : "bob"
            switch UInt8.random(in: 0..<10, using: &random) {
            case 0, 1: try buy(user, step, test, &model, &random)
            case 2, 3: try refund(step, test, &model, &random)
            case 4: try repeatAnOldOne(test, model, &random)
            case 5, 6: try adjust(user, step, test, &model, &random)
            case _: try generate(user, step, test, &model, &random)
            }
            #expect(try test.balance("ada") == model.balance["ada"], "step \(step)")
            #expect(try test.balance("bob") == model.balance["bob"], "step \(step)")
            #expect(try test.debt("ada") == model.debt["ada"], "step \(step)")
        }
        #expect(try test.debt("ada") == model.debt["ada"])
        #expect(try test.debt("bob") == model.debt["bob"])
        try test.verify()
    }

    private func buy(
        _ user: String, _ step: Int, _ test: TestStore, _ model: inout Model, _ random: inout SplitMix64
    ) throws {
        let units = Int64.random(in: 1...3, using: &random)
        let order = TestOrder {
            $0.id = uuid(step)
            $0.clock = Int64(step) * 10
            $0.units = .integer(units)
            $0.subtotal = .integer(500 * units)
            $0.net = .integer(Int64.random(in: 1...900, using: &random))
            $0.metadata = ["user_id": .string(user)]
        }
        try test.apply(order)
        model.sales.append(Model.Sale(order: order, user: user, pack: 420 * units))
        model.move(model.sales.count - 1, to: 420 * units, isNew: true)
    }

    /// Polar's cumulative amount goes anywhere between nothing and everything: further refunds, and ones that bounced.
    private func refund(
        _ step: Int, _ test: TestStore, _ model: inout Model, _ random: inout SplitMix64
    ) throws {
        guard let sale = model.sales.indices.randomElement(using: &random) else { return }
        let (order, pack) = (model.sales[sale].order, model.sales[sale].pack)
        let net = try #require(order.net.integer)
        let refunded = [0, net, Int64.random(in: 0...net, using: &random)].randomElement(using: &random) ?? 0
        try test.apply(order.refunded(refunded, after: Int64(step) * 10))
        model.sales[sale].refunded = refunded
        let taken = (pack * refunded + net - 1) / net
        model.move(sale, to: pack - taken, isNew: false)
    }

    private func repeatAnOldOne(_ test: TestStore, _ model: Model, _ random: inout SplitMix64) throws {
        guard let sale = model.sales.randomElement(using: &random) else { return }
        let outcome = try test.apply(sale.order)
        #expect(outcome == .unchanged || outcome == .stale)
    }

    private func adjust(
        _ user: String, _ step: Int, _ test: TestStore, _ model: inout Model, _ random: inout SplitMix64
    ) throws {
        let amount = Int64.random(in: -600...100, using: &random)
        guard amount != 0 else { return }
        let before = model.balance[user, default: 0]
        switch try test.adjust(amount, user, key: "k\(step)") {
        case .adjusted: model.balance[user, default: 0] += amount
        case .belowZero(let balance): #expect(balance.rawValue == before && before + amount < 0)
        case .repeated, .keyReused, .unknownUser: Issue.record("step \(step)")
        }
    }

    /// Charges for one, or takes one back before it began. GenerationModelTests goes through the rest of their lives.
    private func generate(
        _ user: String, _ step: Int, _ test: TestStore, _ model: inout Model, _ random: inout SplitMix64
    ) throws {
        if let index = model.generations.indices.randomElement(using: &random), Bool.random(using: &random) {
            let (id, owner) = model.generations.remove(at: index)
            let outcome = try test.store.generations.delete(id, of: test.user(owner), at: TestStore.now)
            #expect(outcome == .deleted(blobs: [TestStore.image(1).blob], refunded: true), "step \(step)")
            model.give(1, to: owner)
        } else {
            let id = Generation.ID(random: (0..<16).map { _ in UInt8.random(in: 0...255, using: &random) })
            let profile = Profile(user: try test.user(user))
            switch try test.store.generations.submit(id, of: TestStore.image(1), for: profile, at: TestStore.now) {
            case .queued:
                model.balance[user, default: 0] -= 1
                model.generations.append((id, user))
            case .insufficientCredits: #expect(model.balance[user] == 0)
            case .refused(let refusal): Issue.record("\(refusal)")
            }
        }
    }
}
