internal import Database

/// A user in a list.
public struct UserSummary: Equatable, Sendable {
    public let user: UserID
    public let email: String?
    public let name: String?
    public let balance: Credits
    public let debt: Credits
    public let createdAt: Instant
}

/// Which users a list shows.
public enum UserFilter: Equatable, Sendable {
    /// Newest first.
    case all
    /// Whose id begins so, then whose e-mail address does, in upper or lower case.
    case beginning(String)
    /// The highest debt first.
    case inDebt
}

/// Everything that an admin sees of one user but the lists.
public struct UserDetail: Equatable, Sendable {
    public let account: Account
    public let email: String?
    public let name: String?
    public let isAdmin: Bool
    /// What each kind of entry sums to, signed as the user sees it; a kind without entries is absent.
    public let credits: [LedgerEntry.Kind: Credits]
    public let payments: Int64
    /// Those that the user has not deleted.
    public let generations: Int64

    /// Bought, less what was taken back because the order was refunded.
    public var purchased: Credits { sum(.purchase, .clawback, .restoration) }
    /// Spent on generations, those that failed left out. Never below zero.
    public var spent: Credits { -sum(.charge, .refund) }
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

extension People {
    public func list(
        _ filter: UserFilter, after cursor: ListCursor? = nil, limit: Int
    ) throws(StoreError) -> Listing<UserSummary> {
        switch filter {
        case .all:
            try listing(Self.newestUsers(after: cursor, limit: limit), decode: UserSummary.init) {
                ListCursor($0.createdAt, $0.user.text)
            }
        case .inDebt:
            try listing(Self.usersInDebt(after: cursor, limit: limit), decode: UserSummary.init) {
                ListCursor(of: String($0.debt.rawValue), $0.user.text)
            }
        case .beginning(let prefix): try users(beginning: prefix, after: cursor, limit: limit)
        }
    }

    /// First everybody whose id begins so, by id; then everybody else whose address does, by address.
    private func users(
        beginning prefix: String, after cursor: ListCursor?, limit: Int
    ) throws(StoreError) -> Listing<UserSummary> {
        precondition((1...1000).contains(limit))
        let isAmongAddresses = cursor?.parts.first == "email"
        var found: [UserSummary] = []
        if !isAmongAddresses {
            found = try rows(Self.users(withID: prefix, after: cursor?.tie, limit: limit), decode: UserSummary.init)
        }
        let byID = found.count
        if byID <= limit {
            let place = isAmongAddresses ? cursor : nil
            found += try rows(
                Self.users(withEmail: prefix, after: place, limit: limit - byID), decode: UserSummary.init)
        }
        return Listing(found, limit: limit) { user in
            user.user.text.utf8.starts(with: prefix.utf8)
                ? ListCursor(of: "id", user.user.text) : ListCursor(of: "email", user.email ?? "", user.user.text)
        }
    }

    /// What is known of a user; `nil` for somebody never seen.
    public func detail(of user: UserID, at now: Instant) throws(StoreError) -> UserDetail? {
        try read { connection throws(DatabaseError) in
            guard let account = try People.find(user, at: now, on: connection) else { return nil }
            let person = try connection.query(
                """
                SELECT email, name, (SELECT count(*) FROM payments WHERE user_id = users.id),
                       (SELECT count(*) FROM generations WHERE user_id = users.id AND deleted_ms IS NULL)
                FROM users WHERE id = $1
                """, .text(user.text)
            ) {
                (
                    email: $0.optionalText(0), name: $0.optionalText(1), payments: $0.integer(2),
                    generations: $0.integer(3)
                )
            }[0]
            let sums = try connection.query(
                "SELECT kind, CAST(sum(amount) AS BIGINT) FROM ledger_entry WHERE user_id = $1 GROUP BY kind",
                .text(user.text)
            ) { row in LedgerEntry.Kind(rawValue: row.text(0)).map { ($0, Credits(rawValue: row.integer(1))) } }
            return UserDetail(
                account: account, email: person.email, name: person.name,
                isAdmin: try Admins.contains(user, on: connection),
                credits: Dictionary(uniqueKeysWithValues: sums.compactMap(\.self)), payments: person.payments,
                generations: person.generations)
        }
    }
}

extension People {
    static func newestUsers(after cursor: ListCursor?, limit: Int) -> ListQuery {
        var conditions = Conditions()
        if let cursor { conditions.add("(created_ms, id) < ($1, $2)", .integer(cursor.number), .text(cursor.tie)) }
        return ListQuery(UserSummary.select, conditions, order: "created_ms DESC, id DESC", limit: limit)
    }

    static func usersInDebt(after cursor: ListCursor?, limit: Int) -> ListQuery {
        var conditions = Conditions()
        conditions.add("debt > 0")
        if let cursor { conditions.add("(debt, id) < ($1, $2)", .integer(cursor.number), .text(cursor.tie)) }
        return ListQuery(UserSummary.select, conditions, order: "debt DESC, id DESC", limit: limit)
    }

    static func users(withID prefix: String, after id: String?, limit: Int) -> ListQuery {
        var conditions = Conditions()
        conditions.add("id >= $1 AND id < $2", .text(prefix), .text(prefix + Self.behindEverything))
        if let id { conditions.add("id > $1", .text(id)) }
        return ListQuery(UserSummary.select, conditions, order: "id", limit: limit)
    }

    /// Those whose id begins so too are left out: they are in the other list.
    static func users(withEmail prefix: String, after cursor: ListCursor?, limit: Int) -> ListQuery {
        var conditions = Conditions()
        conditions.add(
            "email IS NOT NULL AND lower(email) >= lower($1) AND lower(email) < lower($2)", .text(prefix),
            .text(prefix + Self.behindEverything))
        if let cursor, cursor.parts.count == 3 {
            conditions.add("(lower(email), id) > (lower($1), $2)", .text(cursor.parts[1]), .text(cursor.parts[2]))
        }
        conditions.add("NOT (id >= $1 AND id < $2)", .text(prefix), .text(prefix + Self.behindEverything))
        return ListQuery(UserSummary.select, conditions, order: "lower(email), id", limit: limit)
    }

    /// The last code point: every text that begins with a prefix comes before the prefix with this behind it.
    private static let behindEverything = "\u{10FFFF}"
}

extension UserSummary {
    fileprivate static let select = "SELECT id, email, name, balance, debt, created_ms FROM users"

    init(_ row: borrowing Row) {
        self.init(
            user: row.value(0, UserID.init), email: row.optionalText(1), name: row.optionalText(2),
            balance: Credits(rawValue: row.integer(3)), debt: Credits(rawValue: row.integer(4)),
            createdAt: row.instant(5))
    }
}
