internal import Core
internal import HTTP
internal import Pages

extension AdminPages {
    func user(_ request: Request, _ segment: String) throws(RequestError) -> Response {
        .html(.ok, try userPage(request, try request.subject(segment)))
    }

    private func userPage(
        _ request: Request, _ user: UserID, _ trial: AdjustmentTrial = AdjustmentTrial()
    ) throws(RequestError) -> String {
        let slice = try Slice(request.parameters)
        let detail = try stored(store.people.detail(of: user, at: dependencies.now()))
        guard let detail else { throw .notFound }
        let entries = try stored(store.ledger.entries(of: user, before: slice.cursor, limit: Self.listLength))
        var filter = PaymentFilter()
        filter.user = user
        let payments = try stored(store.orders.list(filter, limit: 10))
        let pages = ListPages(isFirst: slice.cursor == nil, next: entries.nextCursor.map { String($0) })
        return AdminPage.user(
            detail, entries: entries, payments: payments.items, pages: pages, trial, try context(request)
        ).html
    }

    /// The form that corrects a balance.
    func adjust(_ request: Request, _ form: Form, _ segment: String) throws(RequestError) -> Response {
        let actor = try request.profile().user
        let user = try request.subject(segment)
        var trial = AdjustmentTrial()
        trial.amount = form.typed("amount")
        trial.reason = form.typed("reason")
        // A minus sign as it is printed, and a plus sign, are what people type too.
        let digits = trial.amount.replacing("−", with: "-")
        let amount = Int64(digits.hasPrefix("+") ? String(digits.dropFirst()) : digits)
        let largest = Adjustment.largestAmount.rawValue
        if amount.map({ $0 == 0 || !(-largest...largest).contains($0) }) ?? true {
            trial.amountFault = "A whole number, with a minus to take: not zero, and at most 1,000,000,000."
        }
        if Reason.checked(trial.reason) == nil { trial.reasonFault = Self.reasonRule }
        guard let amount, trial.amountFault == nil, trial.reasonFault == nil else {
            return .html(.unprocessableContent, try userPage(request, user, trial))
        }
        guard let key = form["idempotency_key"], !key.isEmpty, key.utf8.count <= 255 else {
            throw .invalid(field: "idempotency_key", rule: "the key that the form came with")
        }
        let adjustment = Adjustment(
            user: user, amount: Credits(rawValue: amount), actor: actor.text, reason: trial.reason,
            // With its length before it, no other admin's key reads the same.
            key: "form:\(actor.text.utf8.count):\(actor):\(key)")
        return try apply(adjustment, trial, by: actor, request)
    }

    private func apply(
        _ adjustment: Adjustment, _ trial: AdjustmentTrial, by actor: UserID, _ request: Request
    ) throws(RequestError) -> Response {
        var trial = trial
        let outcome = try stored(store.ledger.adjust(adjustment, at: dependencies.now()))
        dependencies.tell(outcome, by: actor, request)
        switch outcome {
        case .adjusted, .repeated: return Self.done(AdminPage.address(of: adjustment.user), .adjusted)
        case .keyReused:
            trial.fault =
                "This page was used before, for another correction. Look at the statement, then send it again."
        case .belowZero(let balance):
            trial.amountFault =
                "The user has \(balance.rawValue): no more than that can be taken. A balance never goes below zero."
        case .unknownUser: throw .notFound
        }
        return .html(.conflict, try userPage(request, adjustment.user, trial))
    }
}
