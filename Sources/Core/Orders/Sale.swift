internal import Database

/// What the row of a payment is in the sums of money, if it means that we were paid: also what no rule could grant, and
/// what was refunded before. Minor units, without tax.
struct Sale: Equatable {
    /// Environment and currency.
    let key: String
    /// Of the order.
    let day: Int64
    let net: Int64
    let refunded: Int64

    /// `nil` if it does not mean that we were paid.
    init?(
        in environment: Environment, currency: String?, _ state: PaymentState, reason: String?, status: String?,
        net: Int64?, refunded: Int64?, at createdAt: Instant
    ) {
        guard let currency else { return nil }
        let wasSold =
            switch state {
            case .parked, .dismissed: true
            case .applied: !["draft", "pending", "void"].contains(status)
            case .recorded: reason == RecordedReason.settled.rawValue
            }
        guard wasSold else { return nil }
        key = "\(Self.prefix(of: environment))\(currency)"
        day = createdAt.day
        self.net = net ?? 0
        self.refunded = refunded ?? 0
    }

    private static func prefix(of environment: Environment) -> String { "\(environment.rawValue) " }

    /// The currency of a key, if it is of the environment.
    static func currency(of key: String, in environment: Environment) -> String? {
        let prefix = prefix(of: environment).utf8
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
