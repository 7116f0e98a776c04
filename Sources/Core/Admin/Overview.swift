internal import Database
private import JSON

/// Money and credits at a glance.
public struct Overview: Equatable, Sendable {
    /// What each kind of entry ever summed to, signed as users see it; a kind without entries is absent.
    public let credits: [LedgerEntry.Kind: Credits]
    /// What all users have together.
    public let balance: Credits
    /// What they owe together.
    public let debt: Credits
    public let users: Int64
    /// One for each currency that anything was ever sold in.
    public let money: [MoneySeries]
    /// A status without generations is absent.
    public let generations: [Generation.Status: Int64]
    public let lastDelivery: DeliverySummary?
    public let parked: Int64
    /// Those that failed within a day, newest first, and no more than a few.
    public let failures: [GenerationReport]
    /// What somebody should look at, the worst first.
    public let complaints: [Complaint]

    /// Bought, less what was taken back because orders were refunded.
    public var sold: Credits { sum(.purchase, .clawback, .restoration) }
    /// Spent on generations, those that failed left out. Never below zero.
    public var spent: Credits { -sum(.charge, .refund) }
    /// Taken back because orders were refunded, less what bounced. Never below zero.
    public var clawedBack: Credits { -sum(.clawback, .restoration) }
    /// Given back for generations that failed.
    public var refunded: Credits { sum(.refund) }
    /// Given, and taken at once for what was owed. Never below zero.
    public var repaid: Credits { -sum(.repayment) }
    public var adjusted: Credits { sum(.adjustment) }
    public var trial: Credits { sum(.trial) }

    private func sum(_ kinds: LedgerEntry.Kind...) -> Credits {
        kinds.reduce(.zero) { $0 + (credits[$1] ?? .zero) }
    }
}

/// What came in and went back in one currency. Minor units, without tax.
public struct MoneySeries: Equatable, Sendable {
    public let currency: String
    /// Since the beginning.
    public let sold: Int64
    public let refunded: Int64
    /// One for each of the last days in UTC, oldest first, also where nothing happened.
    public let days: [Day]

    public struct Day: Equatable, Sendable {
        /// Midnight, when it began.
        public let start: Instant
        public let orders: Int64
        public let sold: Int64
        /// What was given back on that day, whenever it was sold; below zero if a refund bounced.
        public let refunded: Int64
    }

    public static let length = 30
}

/// Something that needs a person.
public enum Complaint: Equatable, Sendable {
    /// `ledger verify` found so many.
    case ledgerFaults(Int64, at: Instant)
    /// The last reconcile had to correct orders: webhooks were lost.
    case drift(orders: Int64, credits: Credits, at: Instant)
    /// The last reconcile could not read all it had to.
    case reconcileFailed(at: Instant)
    case reconcileLate(last: Instant)
    /// Polar sends us no webhooks.
    case webhookEndpointOff(at: Instant)
    /// The longest that a generation waits for a worker.
    case jobsWait(Duration)
    case backupLate(last: Instant)
}

extension Operations {
    /// - Parameter environment: of the money; credits are ours.
    public func overview(in environment: Environment, at now: Instant) throws(StoreError) -> Overview {
        try read { connection throws(DatabaseError) in
            let kinds = try Totals.kinds(on: connection)
            let credits = Dictionary(uniqueKeysWithValues: kinds.map { ($0.kind, Credits(rawValue: $0.credits)) })
            return Overview(
                credits: credits, balance: credits.values.reduce(.zero, +),
                debt: Credits(rawValue: try Totals.debt(on: connection)), users: try Totals.users(on: connection),
                money: try Totals.money(in: environment, at: now, on: connection),
                generations: try Totals.generations(on: connection),
                lastDelivery: try connection.query(
                    "SELECT \(DeliverySummary.columns) FROM deliveries ORDER BY id DESC LIMIT 1",
                    decode: DeliverySummary.init
                ).first, parked: try Totals.parked(on: connection),
                failures: try Totals.failures(at: now, on: connection),
                complaints: try Complaints.all(at: now, on: connection))
        }
    }
}

/// What pages and metrics show of everything together.
enum Totals {
    static let mostFailures: Int64 = 10

    /// A kind without entries is absent.
    static func kinds(on connection: Connection) throws(DatabaseError) -> [KindSum] {
        let totals = try Sums.totals(of: .ledger, on: connection)
        return LedgerEntry.Kind.allCases.compactMap { kind in
            totals[kind.rawValue].map { KindSum(kind: kind, entries: $0.count, credits: $0.amount) }
        }
    }

    /// A status without generations is absent.
    static func generations(on connection: Connection) throws(DatabaseError) -> [Generation.Status: Int64] {
        var counts = try Sums.totals(of: .generations, on: connection).mapValues(\.count)
        counts["pending"] = try connection.integer("SELECT count(*) FROM generations WHERE status = 'pending'")
        counts["processing"] = try connection.integer("SELECT count(*) FROM generations WHERE status = 'processing'")
        let found = counts.filter { $0.value > 0 }.compactMap { key, count in
            Generation.Status(rawValue: key).map { ($0, count) }
        }
        return Dictionary(uniqueKeysWithValues: found)
    }

    /// Since when the job that has waited longest could be taken.
    static func oldestDue(on connection: Connection) throws(DatabaseError) -> Instant? {
        try connection.query(
            "SELECT due_ms FROM generations WHERE status = 'pending' ORDER BY due_ms LIMIT 1"
        ) { $0.instant(0) }.first
    }

    static func debt(on connection: Connection) throws(DatabaseError) -> Int64 {
        try connection.integer("SELECT CAST(coalesce(sum(debt), 0) AS BIGINT) FROM users WHERE debt > 0")
    }

    static func users(on connection: Connection) throws(DatabaseError) -> Int64 {
        try connection.integer("SELECT count(*) FROM users")
    }

    static func parked(on connection: Connection) throws(DatabaseError) -> Int64 {
        try connection.integer("SELECT count(*) FROM payments WHERE state = 'parked'")
    }

    static func money(
        in environment: Environment, at now: Instant, on connection: Connection
    ) throws(DatabaseError) -> [MoneySeries] {
        let today = now.day
        let first = today - Int64(MoneySeries.length - 1)
        let sold = try Sums.totals(of: .sold, on: connection)
        let refunded = try Sums.totals(of: .refunded, on: connection)
        let currencies = sold.keys.sorted().compactMap { key in
            Sale.currency(of: key, in: environment).map { (key: key, currency: $0) }
        }
        return try currencies.map { key, currency throws(DatabaseError) in
            let sales = try Sums.days(first...today, of: .sold, key, on: connection)
            let refunds = try Sums.days(first...today, of: .refunded, key, on: connection)
            let days = (first...today).map { day in
                MoneySeries.Day(
                    start: Instant(rawValue: day * 86_400_000), orders: sales[day]?.count ?? 0,
                    sold: sales[day]?.amount ?? 0, refunded: refunds[day]?.amount ?? 0)
            }
            return MoneySeries(
                currency: currency, sold: sold[key]?.amount ?? 0, refunded: refunded[key]?.amount ?? 0, days: days)
        }
    }

    static func failures(at now: Instant, on connection: Connection) throws(DatabaseError) -> [GenerationReport] {
        // Of the newest, not of all: failures of years are no news.
        let newest = try connection.query(
            "SELECT \(GenerationReport.columns) FROM generations WHERE status = 'failed' ORDER BY seq DESC LIMIT $1",
            .integer(mostFailures), decode: GenerationReport.init)
        let dayAgo = now.advanced(by: .seconds(-86_400))
        return newest.filter { ($0.completedAt ?? $0.createdAt) >= dayAgo }
    }
}

private enum Complaints {
    static let reconcilePatience = Duration.seconds(30 * 60)
    static let jobPatience = Duration.seconds(10 * 60)
    static let backupPatience = Duration.seconds(2 * 86_400)

    static func all(at now: Instant, on connection: Connection) throws(DatabaseError) -> [Complaint] {
        var complaints: [Complaint] = []
        if let verified = try Operations.find(.ledgerVerify, on: connection),
            let faults = verified.facts["faults"]?.integer, faults > 0
        {
            complaints.append(.ledgerFaults(faults, at: verified.at))
        }
        for operation in [Operation.reconcile, .reconcileDeep] {
            guard let report = try Operations.find(operation, on: connection) else { continue }
            if let orders = report.facts["corrected"]?.integer, orders > 0 {
                let credits = Credits(rawValue: report.facts["credits"]?.integer ?? 0)
                complaints.append(.drift(orders: orders, credits: credits, at: report.at))
            }
            if report.facts["ok"]?.bool == false { complaints.append(.reconcileFailed(at: report.at)) }
            if operation == .reconcile, report.at.distance(to: now) > reconcilePatience {
                complaints.append(.reconcileLate(last: report.at))
            }
        }
        if let endpoint = try Operations.find(.webhookEndpoint, on: connection),
            endpoint.facts["enabled"]?.bool == false
        {
            complaints.append(.webhookEndpointOff(at: endpoint.at))
        }
        let due = try Totals.oldestDue(on: connection)
        if let wait = due?.distance(to: now), wait > jobPatience { complaints.append(.jobsWait(wait)) }
        if let backup = try Operations.find(.backup, on: connection), backup.at.distance(to: now) > backupPatience {
            complaints.append(.backupLate(last: backup.at))
        }
        return complaints
    }
}
