import HTTP
import JSON
import Testing

@testable import polar_simulator

@Suite struct PolarTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let location: String
        let type: String
        let spoil: @Sendable (inout [String: JSON]) -> Void

        init(
            _ name: String, _ location: String, _ type: String,
            spoil: @escaping @Sendable (inout [String: JSON]) -> Void
        ) {
            testDescription = name
            self.location = location
            self.type = type
            self.spoil = spoil
        }
    }

    @Test(arguments: [
        Row("no products", "products", "missing") { $0["products"] = nil },
        Row("an empty list", "products", "too_short") { $0["products"] = [] },
        Row("no UUID", "products,0", "uuid_parsing") { $0["products"] = ["x"] },
        Row("an unknown product", "products,0", "value_error") { $0["products"] = [.string(newUUID())] },
        Row("twice the same", "products,1", "value_error") {
            $0["products"] = [.string(Playing.product), .string(Playing.product.uppercased())]
        },
        Row("units on a fixed price", "units", "value_error") { $0["units"] = 2 },
        Row("49 cents", "prices,\(Playing.product),0,fixed,price_amount", "greater_than_equal") {
            $0["prices"] = .object([.init(Playing.product, [["amount_type": "fixed", "price_amount": 49]])])
        },
        Row("a price of another product", "prices,\(World.foreignProductID)", "value_error") {
            $0["prices"] = .object([
                .init(World.foreignProductID, [["amount_type": "fixed", "price_amount": 500]])
            ])
        },
        Row("a domain that is none", "customer_email", "value_error") { $0["customer_email"] = "a@nonexistent.tld" },
        Row("a reserved domain", "customer_email", "value_error") { $0["customer_email"] = "a@host.invalid" },
        Row("no address", "customer_email", "value_error") { $0["customer_email"] = "ada" },
        Row("a long name", "customer_name", "string_too_long") {
            $0["customer_name"] = .string(String(repeating: "x", count: 257))
        },
        Row("an unknown customer", "customer_id", "value_error") { $0["customer_id"] = .string(newUUID()) },
        Row("a relative address", "success_url", "url_parsing") { $0["success_url"] = "/back" },
        Row("no IP address", "customer_ip_address", "ip_any_address") { $0["customer_ip_address"] = "host" },
        Row("an empty metadata value", "metadata,a,str", "string_too_short") { $0["metadata"] = ["a": ""] },
        Row("a metadata list", "metadata,a,str", "string_type") { $0["metadata"] = ["a": []] },
        Row("a currency without a price", "currency", "value_error") { $0["currency"] = "eur" },
    ])
    func aCheckoutIsRefused(_ row: Row) throws {
        let playing = try Playing()
        var body: [String: JSON] = [:]
        for member in Playing.sale(of: "ada", email: "ada@example.com").members ?? [] {
            body[member.name] = member.value
        }
        row.spoil(&body)
        let response = playing.api(
            .post, "/v1/checkouts/", .object(body.map { JSON.Member($0.key, $0.value) }))
        #expect(response.status == .unprocessableContent)
        #expect(response.json["error"] == "RequestValidationError")
        let faults = response.json["detail"]?.array ?? []
        #expect(faults.first?["type"]?.string == row.type)
        let location = faults.first?["loc"]?.array?.map { $0.string ?? $0.text }.joined(separator: ",")
        #expect(location == "body,\(row.location)")
        #expect(try playing.events().isEmpty)
    }

    @Test func framingVersionAndTokenAreLookedAtFirst() throws {
        let playing = try Playing()
        #expect(playing.api(.get, "/v1/orders/", headers: ["transfer-encoding": "chunked"]).status.rawValue == 411)
        let old = playing.api(.get, "/v1/orders/", headers: ["polar-version": "2025-01"])
        #expect(old.status == .notFound && old.json == ["detail": "Not Found"])
        #expect(
            playing.api(.get, "/v1/orders/", headers: ["polar-version": "2026-04"]).headers["polar-version"]
                == "2026-04")
        let wrong = playing.api(.get, "/v1/orders/", headers: ["authorization": "Bearer polar_oat_other"])
        #expect(wrong.status == .unauthorized && wrong.json["error"] == "invalid_token")
        #expect(wrong.headers["www-authenticate"] != nil)
    }

    @Test func aSlashIsRedirectedToTheOneSpelling() throws {
        let playing = try Playing()
        let missing = playing.api(.get, "/v1/orders?limit=1")
        #expect(missing.status.rawValue == 307)
        #expect(missing.headers["location"] == "http://localhost:8081/v1/orders/?limit=1")
        #expect(playing.api(.get, "/v1/orders/\(newUUID())/").status.rawValue == 307)
        #expect(playing.api(.get, "/v1/orders/\(newUUID())").status == .notFound)
        #expect(playing.api(.get, "/v1/nothing/").json == ["detail": "Not Found"])
        #expect(playing.api(.delete, "/v1/orders/").status == .methodNotAllowed)
    }

    @Test func listsComeInPages() throws {
        let playing = try Playing()
        for index in 0..<5 { _ = try playing.sold(to: "user\(index)") }
        let page = playing.api(.get, "/v1/orders/?limit=2&page=3&sorting=created_at").json
        #expect(page["pagination"] == ["total_count": 5, "max_page": 3])
        #expect(page["items"]?.array?.map { $0["metadata"]?["user_id"] } == ["user4"])
        #expect(playing.api(.get, "/v1/orders/?limit=0").status == .unprocessableContent)
        #expect(playing.api(.get, "/v1/orders/?status=odd").status == .unprocessableContent)
        let huge = playing.api(.get, "/v1/orders/?page=9223372036854775807&limit=100").json
        #expect(huge["items"] == [])
        #expect(playing.api(.get, "/v1/orders/?metadata%5Buser_id%5D=user3").json["pagination"]?["total_count"] == 1)
        #expect(playing.api(.get, "/v1/orders/?created_after=2999-01-01T00:00:00Z").json["items"] == [])
    }

    /// Equals keep no order from page to page, and beyond the end there is nothing to count.
    @Test func aHistoryHasItsMomentsAndRefunds() throws {
        let playing = try Playing()
        _ = try playing.control("history", ["orders": 300, "refunds": 30, "equal": 150, "days": 5])
        #expect(try playing.events() == [])
        func page(_ number: Int) -> JSON {
            playing.api(.get, "/v1/orders/?limit=100&page=\(number)&sorting=created_at").json
        }
        let times = (1...3).flatMap { page($0)["items"]?.array ?? [] }.compactMap { $0["created_at"]?.string }
        #expect(times.count == 300 && times == times.sorted() && Set(times).count == 2)
        let first = Set((1...5).map { _ in page(1)["items"]?.array?.first?["id"]?.string })
        #expect(first.count > 1)
        #expect(page(4)["pagination"] == ["total_count": 0, "max_page": 0])
        let refunds = playing.api(.get, "/v1/refunds/?limit=100").json
        #expect(refunds["pagination"]?["total_count"] == 30)
        #expect(playing.api(.get, "/v1/orders/?status=refunded").json["pagination"]?["total_count"] == 30)
    }

    @Test func theLimitIsForAMinute() throws {
        let playing = try Playing(["SIMULATOR_API_LIMIT": "3"])
        let statuses = (0..<5).map { _ in playing.api(.get, "/v1/products/").status.rawValue }
        // The minute may turn over once between them.
        #expect(statuses.prefix(3) == [200, 200, 200])
        #expect(statuses.contains(429) || statuses == [200, 200, 200, 200, 200])
    }

    @Test func aLaggingReplicaDoesNotKnowYet() throws {
        let playing = try Playing()
        _ = try playing.control("settings", ["replica_lag_seconds": 600])
        let order = try playing.sold(to: "ada")
        #expect(playing.api(.get, "/v1/orders/\(order["id"]?.string ?? "")").status == .notFound)
        #expect(playing.api(.get, "/v1/orders/").json["items"] == [])
        _ = try playing.control("settings", ["replica_lag_seconds": 0])
        #expect(playing.api(.get, "/v1/orders/\(order["id"]?.string ?? "")").status == .ok)
    }

    @Test func aFaultLastsAsLongAsAsked() throws {
        let playing = try Playing()
        _ = try playing.control("faults", ["fault": "500", "count": 2])
        _ = try playing.control("faults", ["fault": "half"])
        let body = Playing.sale(of: "ada", email: "ada@example.com")
        #expect((0..<2).map { _ in playing.api(.post, "/v1/checkouts/", body).status.rawValue } == [500, 500])
        let half = playing.api(.post, "/v1/checkouts/", body)
        #expect(half.status == .created && half.json == .null)
        // The half answer had its whole effect, the refusals none.
        #expect(playing.api(.get, "/v1/checkouts/").json["pagination"]?["total_count"] == 1)
    }

    @Test func aTokenWithoutTheScopeIsRefused() throws {
        let playing = try Playing()
        _ = try playing.control("setup", ["scopes": ["orders:read", "webhooks:read"]])
        #expect(playing.api(.get, "/v1/orders/").status == .ok)
        #expect(playing.api(.get, "/v1/webhooks/endpoints").status == .ok)
        let refused = playing.api(.get, "/v1/disputes/")
        #expect(refused.status == .forbidden && refused.json["error"] == "insufficient_scope")
        #expect(playing.api(.post, "/v1/checkouts/", .object([])).status == .forbidden)
        _ = try playing.control("setup")
        #expect(playing.api(.get, "/v1/disputes/").status == .ok)
    }

    @Test func whatTheMerchantSetUpIsWhatPolarSays() throws {
        let playing = try Playing()
        let wish: JSON = [
            "endpoint_url": "https://old.example/polar/orders", "endpoint_events": ["order.paid"],
            "endpoint_format": "slack", "product_archived": true, "product_recurring": true,
            "product_currency": "eur", "date_offset_seconds": 3600,
        ]
        let sound = playing.api(.get, "/v1/webhooks/endpoints")
        #expect(sound.json["items"]?.array?.first?["url"]?.string == Playing.site + "/polar/orders")
        #expect(sound.headers["date"] == nil)
        _ = try playing.control("setup", wish)
        let endpoints = playing.api(.get, "/v1/webhooks/endpoints")
        #expect(endpoints.json["items"]?.array?.first?["url"] == "https://old.example/polar/orders")
        #expect(endpoints.json["items"]?.array?.first?["events"] == ["order.paid"])
        #expect(endpoints.headers["date"]?.hasSuffix(" GMT") == true)
        let product = playing.api(.get, "/v1/products/\(Playing.product)").json
        #expect(product["is_archived"] == true && product["is_recurring"] == true)
        #expect(product["prices"]?.array?.first?["price_currency"] == "eur")
        _ = try playing.control("setup", ["endpoint_missing": true])
        #expect(playing.api(.get, "/v1/webhooks/endpoints").json["items"] == [])
    }

    @Test func aLimitSaysHowLong() throws {
        let playing = try Playing()
        _ = try playing.control("faults", ["fault": "429", "seconds": 7])
        let limited = playing.api(.get, "/v1/orders/")
        #expect(limited.status == .tooManyRequests && limited.headers["retry-after"] == "7")
    }

    @Test func refundsAddUpToTheOrder() throws {
        let playing = try Playing()
        let order = try #require(try playing.sold(to: "ada")["id"])
        func refund(_ amount: JSON) -> Response {
            playing.api(.post, "/v1/refunds/", ["order_id": order, "reason": "other", "amount": amount])
        }
        #expect(refund(0).status == .unprocessableContent)
        #expect(refund(1001).status == .unprocessableContent)
        #expect(refund(600).status == .created)
        #expect(refund(600).status == .unprocessableContent)
        #expect(refund(400).status == .created)
        #expect(refund(1).json["error"] == "RefundedAlready")
    }
}
