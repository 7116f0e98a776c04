public import Core
internal import JSON

extension PolarClient {
    /// How many pages of Polar's newest sessions are looked through.
    private static let searchedPages = 5

    /// The session that Polar made for our row, if it did: whoever asked for it died before the answer, or the answer was
    /// lost. It carries the row's id in its metadata, and sessions cannot be asked for by that (orders can), nor surely by
    /// a customer who has not bought yet; so the newest ones are read, back to where the row began.
    ///
    /// - Throws: also if there are more than can be read: then nobody knows.
    ///
    /// Source: server/polar/checkout/endpoints.py of polarsource/polar
    public func session(of checkout: Checkout) throws(PolarFailure) -> Checkout.OpenSession? {
        // Polar's clock is not ours.
        let start = checkout.createdAt.advanced(by: .seconds(-300))
        for page in 1...Self.searchedPages {
            let json = try call(
                "GET",
                "/v1/checkouts/?sorting=-created_at&product_id=\(checkout.lock.product.text)"
                    + "&limit=\(Self.pageSize)&page=\(page)")
            guard let items = json["items"]?.array, let last = json["pagination"]?["max_page"]?.integer else {
                throw .unreadable("checkouts")
            }
            for item in items {
                guard let created = item["created_at"]?.string.flatMap(PolarClock.init) else {
                    throw .unreadable("checkout")
                }
                guard created.instant >= start else { return nil }
                if let session = try session(item, of: checkout) { return session }
            }
            if Int64(page) >= last { return nil }
        }
        throw .unavailable("more checkouts than can be looked through")
    }

    /// `nil` unless it is that row's, and can be paid or was.
    private func session(_ json: JSON, of checkout: Checkout) throws(PolarFailure) -> Checkout.OpenSession? {
        guard let id = json["metadata"]?["checkout"]?.string, Checkout.ID(id) == checkout.id else { return nil }
        switch json["status"]?.string.flatMap(Checkout.Status.init) {
        case .open, .confirmed, .succeeded: return try session(in: json)
        case .creating, .expired, .failed, nil: return nil
        }
    }
}
