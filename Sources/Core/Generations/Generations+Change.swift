internal import Database

extension Generations {
    /// Changes one generation, and with it what is counted of it. Only this changes how a generation ended or which files
    /// it refers to, so that nobody forgets to count.
    ///
    /// - Parameter set: the columns; `$1` is the generation, and the values begin with `$2`.
    static func change(
        _ id: Generation.ID, _ set: String, _ values: Value..., in transaction: borrowing Transaction
    ) throws(DatabaseError) {
        let connection = transaction.connection
        let earlier = try connection.query(
            "SELECT \(Counted.columns) FROM generations WHERE id = $1", .text(id.text), decode: Counted.init)
        let later = try connection.query(
            "UPDATE generations \(set) WHERE id = $1 RETURNING \(Counted.columns)", [.text(id.text)] + values,
            decode: Counted.init)
        guard let earlier = earlier.first, let later = later.first else { return }
        if earlier.end != later.end {
            if let end = earlier.end { try Sums.add(-1, to: .generations, end, in: transaction) }
            if let end = later.end { try Sums.add(1, to: .generations, end, in: transaction) }
        }
        guard later.imageBytes != earlier.imageBytes else { return }
        try connection.execute(
            "UPDATE user_usage SET image_bytes = image_bytes + $1 WHERE user_id = $2",
            .integer(later.imageBytes - earlier.imageBytes), .text(later.user))
    }

    /// What is counted of a generation.
    private struct Counted {
        let user: String
        let imageBytes: Int64
        /// The status, once it has ended. Those that have not are few enough to be counted.
        let end: String?

        static let columns = """
            user_id, \(Quotas.imageBytes), CASE WHEN status NOT IN ('pending', 'processing') THEN status END
            """

        init(_ row: borrowing Row) {
            user = row.text(0)
            imageBytes = row.integer(1)
            end = row.optionalText(2)
        }
    }
}
