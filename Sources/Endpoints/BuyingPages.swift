internal import Core
internal import HTTP
private import Pages

/// `/buy`, `/buy/return` and `/account`, for a browser with or without scripts.
struct BuyingPages: Sendable {
    let dependencies: CheckoutDependencies

    private var buying: Buying { Buying(dependencies: dependencies) }

    func buy(_ request: Request, _: String) throws(RequestError) -> Response {
        .html(.ok, try buyPage(request, fault: nil))
    }

    /// The form of `/buy`: off to Polar's checkout page, or the page again with what went wrong.
    func order(_ request: Request, _ form: Form, _: String) throws(RequestError) -> Response {
        let profile = try request.profile()
        do throws(RequestError) {
            return try dependencies.once(
                form["idempotency_key"], request, of: profile.user,
                answer: { (opened: OpenedCheckout) in .success(.seeOther(opened.session.url)) }
            ) { keyed throws(RequestError) in
                let quantity = try Quantity.checked(form["quantity"].flatMap { Int64($0) })
                return try buying.open(quantity, for: profile, under: keyed, request)
            }
        } catch {
            guard request.wantsPage, let fault = error.faultInWords else { throw error }
            if let line = error.logLine { dependencies.log(line.of(request: request.id)) }
            var response = Response.html(error.problem.status, try buyPage(request, fault: fault))
            response.headers["retry-after"] = error.problem.headers["retry-after"]
            return response
        }
    }

    func comeBack(_ request: Request, _: String) throws(RequestError) -> Response {
        let checkout = try buying.follow(request.parameters["checkout_id"] ?? "", request)
        // Whoever has a checkout is known: this reads, and waits for no turn to write.
        let account = try stored(dependencies.store.people.account(of: checkout.user, at: dependencies.now()))
        guard let account else { throw .notFound }
        return .html(.ok, ReturnPage(checkout, account: account, formToken: request.formToken).html)
    }

    func account(_ request: Request, _: String) throws(RequestError) -> Response {
        let profile = try request.profile()
        let slice = try Slice(request.parameters)
        let account = try dependencies.account(of: request)
        let entries = try stored(
            dependencies.store.ledger.entries(of: profile.user, before: slice.cursor, limit: slice.limit))
        let sessions = try stored(dependencies.store.sessions.list(of: profile.user, at: dependencies.now()))
        let page = AccountPage(
            account, who: profile.name ?? profile.email ?? profile.user.text, entries: entries,
            sessions: SessionList(
                sessions, current: request.caller?.session, formToken: request.formToken, now: dependencies.now()),
            formToken: request.formToken, now: dependencies.now())
        return .html(.ok, page.html)
    }

    private func buyPage(_ request: Request, fault: String?) throws(RequestError) -> String {
        BuyPage(
            try dependencies.account(of: request), formToken: request.formToken, fault: fault, keys: dependencies.key
        ).html
    }
}

extension RequestError {
    /// What the buyer can do about it on the same page; `nil` where the page itself cannot be shown.
    fileprivate var faultInWords: String? {
        switch self {
        case .invalid: "Choose 1 to 20 packs."
        case .tooManyCheckouts(let seconds):
            "You opened several checkouts in a short time. Try again in \(seconds) seconds."
        case .polar(.timedOut): "Polar did not answer in time. Nothing was charged; try again in a moment."
        case .polar(.unavailable), .polar(.refused), .polar(.unreadable):
            "Polar is not available right now. Nothing was charged; try again in a moment."
        case .polarBusy: "Polar answers slowly just now. Nothing was charged; try again in a few seconds."
        case .stillRunning: "Your first click is still being worked on. Try again in a moment."
        case .keyReused: "This page was used before. Choose again."
        case .notSignedIn, .notAdmin, .notFound, .methodNotAllowed, .foreignForm, .malformed, .notStored,
            .insufficientCredits, .notTaken, .tooLarge, .unsupportedType, .unreadableImage, .notFailed, .pictureGone,
            .spent,
            .hasBegun, .invalidFields,
            .refused:
            nil
        }
    }
}
