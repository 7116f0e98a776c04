import HTTP
import JSON
import Testing

@testable import polar_simulator

@Suite struct SaleTests {
    private static let sale = [
        "checkout.created", "checkout.updated", "customer.created", "order.created", "order.updated", "order.paid",
        "checkout.updated",
    ]

    @Test func aSaleIsToldInPolarsOrder() throws {
        let playing = try Playing()
        _ = try playing.sold(to: "ada")
        #expect(try playing.events() == Self.sale)
    }

    @Test func aDeclinedCardOpensTheCheckoutAgain() throws {
        let playing = try Playing()
        let id = try #require(try playing.checkout(for: "ada")["id"]?.string)
        let checkout = try playing.control("checkouts/\(id)/decline")
        #expect(checkout["status"] == "open")
        #expect(
            try playing.events() == ["checkout.created", "checkout.updated", "customer.created", "checkout.updated"])
        #expect(try playing.control("pay", ["checkout_id": .string(id)])["status"] == "paid")
    }

    @Test func aCheckoutIsPaidOnce() throws {
        let playing = try Playing()
        let id = try #require(try playing.checkout(for: "ada")["id"])
        _ = try playing.control("pay", ["checkout_id": id])
        #expect(throws: Playing.Refused.self) { try playing.control("pay", ["checkout_id": id]) }
    }

    @Test func anExpiredCheckoutIsNotPaid() throws {
        let playing = try Playing()
        let id = try #require(try playing.checkout(for: "ada")["id"]?.string)
        #expect(try playing.control("checkouts/\(id)/expire")["status"] == "expired")
        #expect(try playing.events().last == "checkout.expired")
        #expect(throws: Playing.Refused.self) { try playing.control("pay", ["checkout_id": .string(id)]) }
    }

    /// polar-facts 5.3: the order goes to whoever has the e-mail, and our external id is dropped without a word.
    @Test func theEMailWinsOverTheExternalID() throws {
        let playing = try Playing()
        _ = try playing.sold(to: "ada", email: "shared@example.com")
        let order = try playing.sold(to: "grace", email: "Shared@Example.com")
        #expect(order["customer"]?["external_id"] == "ada")
        #expect(order["metadata"]?["user_id"] == "grace")
    }

    @Test func anExternalIDWithAnotherEMailIsTheBuyersTrouble() throws {
        let playing = try Playing()
        // The session is opened before the customer exists, so it is tied to nobody.
        let id = try #require(try playing.checkout(for: "ada", email: "new@example.com")["id"])
        _ = try playing.sold(to: "ada")
        let refused = #expect(throws: Playing.Refused.self) { try playing.control("pay", ["checkout_id": id]) }
        #expect(refused?.status == 422)
        #expect(refused?.body.contains("CheckoutCustomerExternalIdMismatch") ?? false)
    }

    @Test func aKnownCustomerTiesTheSessionToItself() throws {
        let playing = try Playing()
        _ = try playing.sold(to: "ada")
        let checkout = try playing.checkout(for: "ada")
        #expect(checkout["customer_id"] != nil)
        let order = try playing.control(
            "pay", ["checkout_id": checkout["id"] ?? .null, "email": "else@example.com"])
        #expect(order["customer"]?["email"] == "ada@example.com")
    }

    @Test func taxIsForFranceAndNotForAmerica() throws {
        let playing = try Playing()
        #expect(try playing.sold(to: "ada", as: .init("country", "FR"))["tax_amount"] == 200)
        #expect(try playing.sold(to: "bob", as: .init("country", "US"))["tax_amount"] == 0)
    }

    @Test func aFreeOrderIsToldLikeAnyOther() throws {
        let playing = try Playing()
        let order = try playing.sold(to: "ada", as: .init("discount", 1000))
        #expect(order["subtotal_amount"] == 1000 && order["discount_amount"] == 1000)
        #expect(order["net_amount"] == 0 && order["total_amount"] == 0 && order["status"] == "paid")
        #expect(try playing.events() == Self.sale)
    }

    @Test func aRefundThatBouncesLowersTheTotalAgain() throws {
        let playing = try Playing()
        let order = try #require(try playing.sold(to: "ada")["id"]?.string)
        let refund = try playing.control("orders/\(order)/refund", ["amount": 400])
        _ = try playing.control("refunds/\(refund["id"]?.string ?? "")/bounce")
        let now = playing.api(.get, "/v1/orders/\(order)").json
        #expect(now["refunded_amount"] == 0)
        #expect(now["status"] == "paid")
        #expect(
            try playing.events().dropFirst(Self.sale.count) == [
                "refund.created", "order.updated", "order.refunded", "refund.updated", "order.updated",
            ])
    }

    @Test func aLostDisputeIsToldByNothing() throws {
        let playing = try Playing()
        let order = try #require(try playing.sold(to: "ada")["id"]?.string)
        let told = try playing.events().count
        let dispute = try playing.control("orders/\(order)/dispute", ["status": "lost"])
        #expect(try playing.events().count == told)
        #expect(playing.api(.get, "/v1/orders/\(order)").json["status"] == "paid")
        let listed = playing.api(.get, "/v1/disputes/?status=lost").json["items"]?.array
        #expect(listed?.map { $0["id"] } == [dispute["id"]])
    }

    @Test func withABenefitALostDisputeRevokesIt() throws {
        let playing = try Playing()
        _ = try playing.control("settings", ["benefit": true])
        let order = try #require(try playing.sold(to: "ada")["id"]?.string)
        _ = try playing.control("orders/\(order)/dispute", ["status": "lost"])
        #expect(try playing.events().suffix(2) == ["benefit_grant.created", "benefit_grant.revoked"])
    }

    @Test func aPreventedDisputeIsARefundUntilItEscalates() throws {
        let playing = try Playing()
        let order = try #require(try playing.sold(to: "ada")["id"]?.string)
        let dispute = try playing.control("orders/\(order)/dispute", ["status": "prevented"])
        #expect(playing.api(.get, "/v1/orders/\(order)").json["status"] == "refunded")
        _ = try playing.control("disputes/\(dispute["id"]?.string ?? "")", ["status": "needs_response"])
        #expect(playing.api(.get, "/v1/orders/\(order)").json["status"] == "paid")
    }

    @Test func aPendingOrderIsVoidedOrPaid() throws {
        let playing = try Playing()
        for (action, events) in [("void", ["order.updated"]), ("settle", ["order.updated", "order.paid"])] {
            let order = try playing.control("orders", ["status": "pending", "user": "ada"])
            let told = try playing.events().count
            _ = try playing.control("orders/\(order["id"]?.string ?? "")/\(action)")
            #expect(Array(try playing.events().dropFirst(told)) == events)
        }
    }
}
