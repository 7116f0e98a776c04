internal import Database

extension Checkouts {
    /// Checkouts of which Polar may know more than we do: not ended, or paid without an order that is paid; those first of which Polar
    /// was asked longest ago.
    ///
    /// - Parameter age: younger ones are left to the webhook, and so are those that were asked about within it.
    public func unsettled(
        olderThan age: Duration, in environment: Environment, limit: Int, at now: Instant
    ) throws(StoreError) -> [Checkout.PolarID] {
        let latest = Value.integer(now.advanced(by: .zero - age).rawValue)
        // What was not settled in so long is for a person: `creditctl order` and Polar's dashboard.
        let earliest = Value.integer(now.advanced(by: .seconds(-30 * 86_400)).rawValue)
        let ahead = Value.integer(now.advanced(by: Checkouts.honestLead).rawValue)
        return try read { connection throws(DatabaseError) in
            var found: [Checkout.PolarID] = []
            // Those that were asked about while the clock was ahead have waited long enough.
            for (sql, edge) in [
                (Checkouts.unsettled("asked_ms <= $5"), latest), (Checkouts.unsettled("asked_ms > $5"), ahead),
            ] {
                found += try connection.query(
                    sql, .text(environment.rawValue), earliest, latest, .integer(Int64(limit - found.count)), edge
                ) { Checkout.PolarID($0.text(0)) }.compactMap(\.self)
            }
            return found
        }
    }

    static func unsettled(_ asked: String) -> String {
        """
        SELECT polar_id FROM checkouts
        WHERE has_paid_order = 0 AND status IN ('open', 'confirmed', 'succeeded') AND environment = $1
          AND created_ms BETWEEN $2 AND $3 AND \(asked)
        ORDER BY asked_ms, created_ms LIMIT $4
        """
    }
}
