internal import Core
internal import HTTP
internal import Pages

extension AdminPages {
    func overview(_ request: Request, _: String) throws(RequestError) -> Response {
        let overview = try stored(store.operations.overview(in: dependencies.scope.environment, at: dependencies.now()))
        return .html(.ok, AdminPage.overview(overview, try context(request)).html)
    }

    func payments(_ request: Request, _: String) throws(RequestError) -> Response {
        var typed = TypedPaymentFilter()
        (typed.user, typed.state) = (request.parameters.typed("user_id"), request.parameters.typed("state"))
        if request.parameters.isTicked("parked") { typed.state = PaymentState.parked.rawValue }
        (typed.from, typed.to) = (request.parameters.typed("from"), request.parameters.typed("to"))
        guard let filter = typed.filter else {
            let page = AdminPage.payments(
                [], typed, fault: "A user id has 1 to 255 characters, a day is like 2026-11-22.",
                pages: ListPages(isFirst: true, next: nil), try context(request))
            return .html(.unprocessableContent, page.html)
        }
        let cursor = try request.listCursor()
        let list = try stored(store.orders.list(filter, after: cursor, limit: Self.listLength))
        let pages = ListPages(typed.inForce, isFirst: cursor == nil, next: list.next?.text)
        return .html(.ok, AdminPage.payments(list.items, typed, pages: pages, try context(request)).html)
    }

    func parked(_ request: Request, _: String) throws(RequestError) -> Response {
        var filter = PaymentFilter()
        filter.state = .parked
        let cursor = try request.listCursor()
        let list = try stored(store.orders.list(filter, after: cursor, limit: 20))
        let pages = ListPages(isFirst: cursor == nil, next: list.next?.text)
        var orders: [ParkedOrder] = []
        for payment in list.items { orders.append(ParkedOrder(payment, payer: try payer(of: payment.order))) }
        return .html(.ok, AdminPage.parked(orders, pages: pages, try context(request)).html)
    }

    func users(_ request: Request, _: String) throws(RequestError) -> Response {
        let search = request.parameters.typed("q")
        let isInDebt = request.parameters.isTicked("debt")
        let cursor = try request.listCursor()
        // Who searches means that user, whatever he owes.
        let filter: UserFilter = search.isEmpty ? (isInDebt ? .inDebt : .all) : .beginning(search)
        let list = try stored(store.people.list(filter, after: cursor, limit: Self.listLength))
        let inForce = [("q", search), ("debt", isInDebt && search.isEmpty ? "true" : "")].filter { !$0.1.isEmpty }
        let page = AdminPage.users(
            list.items, search: search, isInDebt: isInDebt && search.isEmpty,
            pages: ListPages(inForce, isFirst: cursor == nil, next: list.next?.text), try context(request))
        return .html(.ok, page.html)
    }

    func deliveries(_ request: Request, _: String) throws(RequestError) -> Response {
        let (verdict, type) = (request.parameters.typed("verdict"), request.parameters.typed("type"))
        var filter = DeliveryFilter()
        filter.verdict = Verdict(rawValue: verdict)
        filter.type = type.isEmpty ? nil : type
        guard verdict.isEmpty || filter.verdict != nil else {
            throw .invalid(field: "verdict", rule: "one of \(Verdict.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        let cursor = try request.listCursor()
        let list = try stored(store.inbox.list(filter, after: cursor, limit: Self.listLength))
        let inForce = [("verdict", verdict), ("type", type)].filter { !$0.1.isEmpty }
        let page = AdminPage.deliveries(
            list.items, verdict: verdict, type: type,
            pages: ListPages(inForce, isFirst: cursor == nil, next: list.next?.text), try context(request))
        return .html(.ok, page.html)
    }

    func audit(_ request: Request, _: String) throws(RequestError) -> Response {
        let subject = request.parameters.typed("subject")
        let cursor = try request.listCursor()
        let list = try stored(
            store.admins.auditLog(of: subject.isEmpty ? nil : subject, after: cursor, limit: Self.listLength))
        let inForce = [("subject", subject)].filter { !$0.1.isEmpty }
        let page = AdminPage.audit(
            list.items.map(AuditLine.init), subject: subject.isEmpty ? nil : subject,
            pages: ListPages(inForce, isFirst: cursor == nil, next: list.next?.text), try context(request))
        return .html(.ok, page.html)
    }
}

extension TypedPaymentFilter {
    /// `nil` if something in it means nothing.
    fileprivate var filter: PaymentFilter? {
        var filter = PaymentFilter()
        filter.user = UserID(user)
        filter.state = PaymentState(rawValue: state)
        filter.from = Instant(day: from)
        // The whole of the last day counts.
        filter.until = Instant(day: to)?.advanced(by: .seconds(86_400))
        let isRead =
            (user.isEmpty || filter.user != nil) && (state.isEmpty || filter.state != nil)
            && (from.isEmpty || filter.from != nil) && (to.isEmpty || filter.until != nil)
        return isRead ? filter : nil
    }
}

extension Request {
    /// Where a list goes on.
    fileprivate func listCursor() throws(RequestError) -> ListCursor? {
        try parameters.value("cursor", "a cursor of this list", ListCursor.init)
    }
}
