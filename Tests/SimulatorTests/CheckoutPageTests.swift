import HTTP
import JSON
import Testing

@testable import polar_simulator

@Suite struct CheckoutPageTests {
    private let playing: Playing
    private let path: String
    private let id: String

    init() throws {
        playing = try Playing()
        // Nothing is sent in these tests: the page must not wait for it.
        _ = try playing.control("settings", ["hold": true])
        let checkout = try playing.checkout(for: "ada")
        path = "/checkout/\(checkout["client_secret"]?.string ?? "")"
        id = checkout["id"]?.string ?? ""
    }

    private func get() -> Response { playing.simulator.respond(to: Request(method: .get, path: path)) }

    private func post(_ form: String) -> Response {
        playing.simulator.respond(to: Request(method: .post, path: path, body: Array(form.utf8)))
    }

    @Test func itSaysWhatIsBoughtAndThatNoMoneyMoves() {
        let page = String(decoding: get().body, as: UTF8.self)
        #expect(page.contains("Pay $10.00"))
        #expect(page.contains("No money moves here"))
        #expect(page.contains(#"value="ada@example.com""#))
        #expect(!page.contains("<script") && !page.contains("style="))
        #expect(
            get().headers["content-security-policy"]?.contains("form-action 'self' http://localhost:8080;") ?? false)
    }

    @Test func payingLeadsToTheShopOnce() {
        let answer = post("email=ada%40example.com&country=US&action=pay")
        #expect(answer.status == .seeOther)
        #expect(answer.headers["location"] == "http://localhost:8080/buy/return?checkout_id=\(id)")
        let again = post("email=ada%40example.com&country=US&action=pay")
        #expect(again.status == .ok)
        #expect(String(decoding: again.body, as: UTF8.self).contains("This checkout is paid"))
        #expect(playing.api(.get, "/v1/orders/?checkout_id=\(id)").json["pagination"]?["total_count"] == 1)
    }

    @Test func aDeclinedCardStays() {
        let answer = post("email=ada%40example.com&country=US&action=decline")
        #expect(answer.headers["location"] == "\(path)?declined=1")
        #expect(playing.api(.get, "/v1/orders/").json["items"] == [])
    }

    @Test func aWrongAddressIsShownAgain() {
        let answer = post("email=%3Cb%3E&country=FR&action=pay")
        #expect(answer.status == .unprocessableContent)
        let page = String(decoding: answer.body, as: UTF8.self)
        #expect(page.contains("&lt;b&gt;"))
        #expect(page.contains(#"<option value="FR" selected>"#))
    }

    @Test func anotherAddressIsAnotherCustomer() {
        _ = post("email=grace%40example.com&name=Grace&country=FR&action=pay")
        let order = playing.api(.get, "/v1/orders/?checkout_id=\(id)").json["items"]?.array?.first
        #expect(order?["customer"]?["email"] == "grace@example.com")
        #expect(order?["total_amount"] == 1200)
    }

    @Test func aForeignSitePressesNoButton() {
        let request = Request(
            method: .post, path: "/control/do/checkouts/\(id)/pay", headers: ["sec-fetch-site": "cross-site"])
        #expect(playing.simulator.respond(to: request).status == .forbidden)
    }
}
