import Clients
import HTTPClient
import TestSupport
import Testing

@testable import Core

/// The session of a row of ours, looked for among all that Polar made.
@Suite struct PolarSessionsTests {
    private static let row = "0b1e6f6a-0000-4000-8000-000000000001"
    private static let began = Instant(unixSeconds: 1_795_000_000)

    private static let checkout: Checkout = {
        guard let id = Checkout.ID(row), let user = UserID("ada"),
            let product = Product.ID("6a1f2c9e-5a6b-4f0e-9d7a-0c1f5b3a2e41")
        else { preconditionFailure("They read") }
        return Checkout(
            id: id, user: user, quantity: 1,
            lock: PriceLock(product: product, credits: 420, amount: 500, currency: "usd"),
            status: .creating, createdAt: began, session: nil, granted: 0, orderState: nil)
    }()

    private func item(
        _ number: Int, of row: String, _ status: String = "open", created: String = "2026-11-18T11:06:41Z"
    ) -> String {
        """
        {"id": "57107b74-8400-4d80-a2fc-54c2b4239c0\(number)", "created_at": "\(created)", "status": "\(status)",
         "client_secret": "polar_c_\(number)", "url": "https://polar.example/\(number)",
         "expires_at": "2026-11-19T11:06:41Z", "metadata": {"checkout": "\(row)"}}
        """
    }

    private func list(_ items: [String], pages: Int = 1) -> PolarServer.Answer {
        .init(body: #"{"items": [\#(items.joined(separator: ","))], "pagination": {"max_page": \#(pages)}}"#)
    }

    private func found(_ answers: PolarServer.Answer...) throws -> (
        secret: String?, failure: PolarFailure?, calls: [String]
    ) {
        let server = try PolarServer(["/v1/checkouts/": answers])
        let client = PolarClient(
            address: server.address, token: Secret("polar_oat_test"), version: "2026-10",
            http: HTTPClient(totalTimeout: .seconds(5)))
        let result: Result<Checkout.OpenSession?, PolarFailure>
        do throws(PolarFailure) {
            result = .success(try client.session(of: Self.checkout))
        } catch {
            result = .failure(error)
        }
        let failure: PolarFailure? = if case .failure(let failure) = result { failure } else { nil }
        return ((try? result.get())?.clientSecret, failure, try server.calls())
    }

    @Test func itIsFoundByTheRowInItsMetadata() throws {
        let other = "0b1e6f6a-0000-4000-8000-000000000002"
        let result = try found(list([item(1, of: other), item(2, of: Self.row.uppercased()), item(3, of: other)]))
        #expect(result.secret == "polar_c_2")
        #expect(
            result.calls == [
                "GET /v1/checkouts/?sorting=-created_at&product_id=6a1f2c9e-5a6b-4f0e-9d7a-0c1f5b3a2e41&limit=100&page=1"
            ])
    }

    @Test(arguments: [("confirmed", true), ("succeeded", true), ("expired", false), ("failed", false), ("new", false)])
    func onlyWhatCanBePaidOrWasCounts(_ status: String, _ counts: Bool) throws {
        #expect(try found(list([item(1, of: Self.row, status)])).secret == (counts ? "polar_c_1" : nil))
    }

    @Test func theSearchEndsWhereTheRowBegan() throws {
        let old = item(1, of: "x", created: "2026-11-18T11:01:39Z")
        #expect(try found(list([old], pages: 9)).calls.count == 1)
        let result = try found(list([item(1, of: "x")], pages: 2), list([item(2, of: Self.row)], pages: 2))
        #expect(result.secret == "polar_c_2")
    }

    @Test func whatCannotBeReadToTheEndIsNoAnswer() throws {
        #expect(
            try found(list([item(1, of: "x")], pages: 9)).failure
                == .unavailable("more checkouts than can be looked through"))
        #expect(try found(list(["{}"])).failure == .unreadable("checkout"))
        #expect(try found(.init(body: "[]")).failure == .unreadable("checkouts"))
        #expect(try found(.init(status: 401)).failure != nil)
    }
}
