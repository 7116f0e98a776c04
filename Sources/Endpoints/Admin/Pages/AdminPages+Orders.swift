internal import Core
internal import HTTP
internal import JSON
internal import Pages
private import Webhook

extension AdminPages {
    func payment(_ request: Request, _ id: String) throws(RequestError) -> Response {
        guard let order = Order.ID(id) else { throw .notFound }
        return .html(.ok, try paymentPage(request, order))
    }

    private func paymentPage(
        _ request: Request, _ order: Order.ID, _ trial: SettlingTrial = SettlingTrial()
    ) throws(RequestError) -> String {
        guard let report = try stored(store.orders.report(on: order)) else {
            throw .notFound
        }
        var details = PaymentDetails()
        details.environment = dependencies.scope.environment
        details.dismissal = report.payment?.note
        details.payer = try payer(of: order)
        return AdminPage.payment(order, report, details, trial, try context(request)).html
    }

    /// What the newest readable body says of the buyer.
    func payer(of order: Order.ID) throws(RequestError) -> [(name: String, value: String)] {
        var filter = DeliveryFilter()
        filter.order = order
        let newest = try stored(store.inbox.list(filter, limit: 10))
        for delivery in newest.items where delivery.type?.hasPrefix("order.") == true {
            let kept = try stored(store.inbox.find(delivery.id))
            guard let body = kept?.body, let data = (try? JSON(body))?["data"] else { continue }
            let customer = data["customer"]
            let known: [(String, String?)] = [
                ("Buyer's e-mail", customer?["email"]?.string), ("Buyer's name", customer?["name"]?.string),
                ("External id at Polar", customer?["external_id"]?.string),
                ("User in the metadata", data["metadata"]?["user_id"]?.string),
            ]
            // Anybody types these at Polar.
            return known.compactMap { name, value in
                value.flatMap { PlainText.cleaned($0) }.map { (name, $0) }
            }
        }
        return []
    }

    /// The forms of a parked order: `assign` and `dismiss`.
    func settle(_ request: Request, _ form: Form, _ id: String) throws(RequestError) -> Response {
        let actor = try request.profile().user
        guard let order = Order.ID(id) else { throw .notFound }
        switch form["action"] {
        case "assign": return try assign(order, form, by: actor, request)
        case "dismiss": return try dismiss(order, form, by: actor, request)
        case _: throw .invalid(field: "action", rule: "assign or dismiss")
        }
    }

    private func assign(
        _ order: Order.ID, _ form: Form, by actor: UserID, _ request: Request
    ) throws(RequestError) -> Response {
        var trial = SettlingTrial()
        trial.user = form.typed("user_id")
        trial.isNewUserMeant = form.isTicked("new_user")
        func refused(_ status: Status, _ why: String) throws(RequestError) -> Response {
            trial.assignFault = why
            return .html(status, try paymentPage(request, order, trial))
        }
        guard let user = UserID(trial.user) else {
            return try refused(.unprocessableContent, "The id of a user, 1 to 255 characters.")
        }
        let isKnown =
            try stored(store.people.account(of: user, at: dependencies.now())) != nil
        guard isKnown || trial.isNewUserMeant else {
            return try refused(
                .unprocessableContent,
                "Nobody of that id was ever seen here. Check it; if it is right, say below that this user is new.")
        }
        let outcome = try stored(
            store.orders.assign(order, to: user, by: actor.text, in: dependencies.scope, at: dependencies.now()))
        dependencies.tell(outcome, ["order.id": order, "user.id": user], by: actor, request)
        switch outcome {
        case .applied: return Self.done("/admin/payments/\(order.text)", .assigned)
        case .notParked:
            let report = try stored(store.orders.report(on: order))
            // A second click of the same form.
            if report?.payment?.assignedUser == user { return Self.done("/admin/payments/\(order.text)", .assigned) }
            return try refused(.conflict, "It is not parked any more: somebody was faster, or a webhook settled it.")
        case .notGrantable:
            return try refused(
                .conflict,
                "Its amounts or its units cannot be read, so its refunds could not be followed. Correct the user's balance instead, and dismiss the order."
            )
        case .belongsTo(let owner):
            return try refused(.conflict, "It has moved credits of \(owner.text) before, and an order keeps its user.")
        case .otherEnvironment:
            return try refused(.conflict, "It was paid at Polar's other environment, and grants nothing here.")
        case .unknownOrder: throw .notFound
        }
    }

    private func dismiss(
        _ order: Order.ID, _ form: Form, by actor: UserID, _ request: Request
    ) throws(RequestError) -> Response {
        var trial = SettlingTrial()
        trial.reason = form.typed("reason")
        guard Reason.checked(trial.reason) != nil else {
            trial.dismissFault = Self.reasonRule
            return .html(.unprocessableContent, try paymentPage(request, order, trial))
        }
        let outcome = try stored(
            store.orders.dismiss(order, reason: trial.reason, by: actor.text, at: dependencies.now()))
        dependencies.tell(outcome, ["order.id": order], by: actor, request)
        switch outcome {
        case .dismissed: return Self.done("/admin/payments/\(order.text)", .dismissed)
        case .notParked:
            let report = try stored(store.orders.report(on: order))
            if report?.payment?.note == trial.reason { return Self.done("/admin/payments/\(order.text)", .dismissed) }
            trial.dismissFault = "It is not parked any more: somebody was faster, or a webhook settled it."
            return .html(.conflict, try paymentPage(request, order, trial))
        case .unknownOrder: throw .notFound
        }
    }
}
