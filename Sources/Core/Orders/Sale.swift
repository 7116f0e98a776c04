internal import Database

/// What the row of a payment is in the sums of money, if it means that we were paid: also what no rule could grant, and
/// what was refunded before. Minor units, without tax.
struct Sale: Equatable {
    /// ``key(_:_:)``
    let key: String
    /// Of the order.
    let day: Int64
    let net: Int64
    let refunded: Int64

    static let columns = "environment, currency, state, reason, status, net_cents, refunded_cents, created_ms"

    init?(_ row: borrowing Row) {
        guard let currency = row.optionalText(1) else { return nil }
        let wasSold =
            switch row.text(2) {
            case "parked", "dismissed": true
            case "applied": !["draft", "pending", "void"].contains(row.optionalText(4))
            case _: row.optionalText(3) == RecordedReason.settled.rawValue
            }
        guard wasSold else { return nil }
        key = "\(Self.prefix(of: row.text(0)))\(currency)"
        day = Instant(rawValue: row.integer(7)).day
        net = row.optionalInteger(5) ?? 0
        refunded = row.optionalInteger(6) ?? 0
    }

    private static func prefix(of environment: String) -> String { "\(environment) " }

    /// The currency of a key, if it is of the environment.
    static func currency(of key: String, in environment: Environment) -> String? {
        let prefix = prefix(of: environment.rawValue).utf8
        return key.utf8.starts(with: prefix) ? String(decoding: key.utf8.dropFirst(prefix.count), as: UTF8.self) : nil
    }

    /// The order counts on its own day, whatever is known of it when; what was given back on the day of the change.
    static func count(
        _ earlier: Sale?, _ later: Sale?, on changed: Int64, in transaction: borrowing Transaction
    ) throws(DatabaseError) {
        if let earlier, let later, earlier.key.utf8.elementsEqual(later.key.utf8) {
            try Sums.add(0, later.net - earlier.net, to: .sold, later.key, day: later.day, in: transaction)
            try Sums.add(
                0, later.refunded - earlier.refunded, to: .refunded, later.key, day: changed, in: transaction)
            return
        }
        for (sale, sign) in [(earlier, Int64(-1)), (later, 1)] {
            guard let sale else { continue }
            try Sums.add(sign, sign * sale.net, to: .sold, sale.key, day: sale.day, in: transaction)
            try Sums.add(0, sign * sale.refunded, to: .refunded, sale.key, day: changed, in: transaction)
        }
    }
}
