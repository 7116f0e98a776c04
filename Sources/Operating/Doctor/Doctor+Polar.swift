internal import Core
internal import JSON

/// What Polar says about us.
extension Doctor {
    func polarFindings() -> [Finding] {
        guard let settings = polarSettings, let product else {
            return .skipped("polar", "Polar's settings cannot be used, as said above")
        }
        let ask = dependencies.polar(settings)
        let first: PolarProbe
        do throws(PolarFailure) {
            first = try ask("GET", "/v1/products/\(product.text)", nil)
        } catch {
            return .fault(
                "polar", "Polar's API cannot be asked: \(error.description)",
                "check the network of this machine, and POLAR_API_URL")
        }
        var findings = clockFindings(first)
        if first.status == 401 {
            return findings
                + .fault(
                    "polar_token", "Polar does not know the access token (401)",
                    "make one in the dashboard of the \(environment?.rawValue ?? "same") environment and set "
                        + "POLAR_ACCESS_TOKEN: the other environment's is unknown there")
        }
        if first.status == 404, first.json?["error"] == nil {
            return findings
                + .fault(
                    "polar", "Polar does not know this version of its API (404)",
                    "take POLAR_API_VERSION out of the settings, or install newer programs")
        }
        findings += scopeFindings(ask)
        findings += productFindings(first)
        return findings + endpointFindings(ask)
    }

    private func clockFindings(_ probe: PolarProbe) -> [Finding] {
        guard let date = probe.date else { return .skipped("clock", "Polar does not say what time it is") }
        let seconds = dependencies.now().distance(to: date).components.seconds
        let words = "this machine's clock is \(abs(seconds)) s \(seconds < 0 ? "ahead of" : "behind") Polar's"
        let advice = "switch time synchronisation on (timedatectl set-ntp true): from 300 s on every webhook is refused"
        // The header is whole seconds, and on its way for a while.
        if abs(seconds) <= 5 { return .ok("clock", "this machine's clock agrees with Polar's") }
        return [abs(seconds) < 60 ? .warning("clock", words, advice) : .fault("clock", words, advice)]
    }

    // MARK: Token

    private func scopeFindings(_ ask: DoctorDependencies.AskPolar) -> [Finding] {
        let calls: [(scope: String, method: String, path: String, body: [UInt8]?, use: String)] = [
            // Without fields: it is refused for them, after the token was looked at, and makes nothing.
            ("checkouts:write", "POST", "/v1/checkouts/", Array("{}".utf8), "nobody can buy"),
            ("checkouts:read", "GET", "/v1/checkouts/?limit=1", nil, "the return page and reconcile learn nothing"),
            ("orders:read", "GET", "/v1/orders/?limit=1", nil, "what webhooks do not tell stays lost"),
            ("refunds:read", "GET", "/v1/refunds/?limit=1", nil, "refunds that webhooks do not tell are missed"),
            ("disputes:read", "GET", "/v1/disputes/?limit=1", nil, "lost disputes are never noticed"),
            ("webhooks:read", "GET", "/v1/webhooks/endpoints?limit=1", nil, "a disabled endpoint is not noticed"),
            ("products:read", "GET", "/v1/products/?limit=1", nil, "the product cannot be checked"),
        ]
        var findings: [Finding] = []
        for call in calls {
            do throws(PolarFailure) {
                let status = try ask(call.method, call.path, call.body).status
                if status == 401 || status == 403 {
                    findings += .fault(
                        "polar_scopes", "the access token lacks the scope \(call.scope): \(call.use)",
                        "add it to the token in Polar's dashboard")
                }
            } catch {
                findings += .warning(
                    "polar_scopes", "\(call.scope) could not be tried: \(error.description)", "try again later")
            }
        }
        return findings.isEmpty ? .ok("polar_scopes", "the access token has every scope that is needed") : findings
    }

    // MARK: Product

    private func productFindings(_ probe: PolarProbe) -> [Finding] {
        let check = "polar_product"
        guard let json = probe.json, probe.status == 200 else {
            guard probe.status == 404 else { return .skipped(check, "it could not be read (\(probe.status))") }
            return .fault(
                check, "Polar does not know the product of POLAR_PRODUCT_ID",
                "copy its id from the dashboard of the \(environment?.rawValue ?? "same") environment")
        }
        var findings: [Finding] = []
        if json["is_archived"] == true {
            findings += .fault(check, "the product is archived: nobody can buy it", "unarchive it in Polar's dashboard")
        }
        if json["is_recurring"] == true {
            findings += .fault(
                check, "the product is a subscription: its orders grant nothing", "make a one-time product")
        }
        if let settings = openStore().flatMap({ try? $0.settings.current() }) {
            findings += priceFindings(
                (json["prices"]?.array ?? []).filter { $0["is_archived"] != true }, settings, check)
        }
        return findings.isEmpty ? .ok(check, "it is there, one-time, not archived, and has our price") : findings
    }

    /// Our checkouts name their price themselves. Whoever buys past them pays Polar's, and is parked at any other than ours.
    private func priceFindings(_ prices: [JSON], _ settings: BillingSettings, _ check: String) -> [Finding] {
        let currencies = Set(prices.compactMap { $0["price_currency"]?.string?.lowercased() })
        guard currencies.contains(settings.currency) else {
            return .fault(
                check,
                "the product has no price in \(settings.currency), but in "
                    + currencies.sorted().joined(separator: ", "), "add a price in \(settings.currency) to the product")
        }
        let ours = prices.filter { $0["price_currency"]?.string?.lowercased() == settings.currency }
        return ours.compactMap { price in
            let type = price["amount_type"]?.string ?? "unknown"
            let amounts: [JSON?]
            switch type {
            case "fixed": amounts = [price["price_amount"]]
            case "unit_based": amounts = (price["tiers"]?["tiers"]?.array ?? [.null]).map { $0["unit_amount"] }
            case _:
                return .fault(
                    check, "the product's price is of the type \(type): its orders are parked unless they cost a pack",
                    "make it a fixed price of \(settings.packPriceCents) cents")
            }
            guard let other = amounts.first(where: { $0?.integer != settings.packPriceCents }) else { return nil }
            return .fault(
                check,
                "the product costs \(other?.integer.map(String.init) ?? "an unknown number of") cents at Polar and "
                    + "\(settings.packPriceCents) here: orders past our checkout are parked",
                "make both the same: the price at Polar, or creditctl settings set pack_price_cents=")
        }
    }

    // MARK: Webhook endpoint

    private func endpointFindings(_ ask: DoctorDependencies.AskPolar) -> [Finding] {
        let check = "polar_endpoint"
        guard let publicURL else { return .skipped(check, "CREDITS_PUBLIC_URL cannot be used, as said above") }
        let answer: PolarProbe
        do throws(PolarFailure) { answer = try ask("GET", "/v1/webhooks/endpoints?limit=100", nil) } catch {
            return .warning(check, "it could not be read: \(error.description)", "try again later")
        }
        guard answer.status == 200, let items = answer.json?["items"]?.array else {
            return .skipped(check, "it could not be read (\(answer.status))")
        }
        let endpoints = items.compactMap { item in WebhookEndpoint(item).map { (endpoint: $0, json: item) } }
        let ours = endpoints.filter { $0.endpoint.leads(to: publicURL) }
        guard !ours.isEmpty else {
            let others = endpoints.map(\.endpoint.url).joined(separator: ", ")
            return .fault(
                check,
                "no endpoint at Polar leads to \(publicURL)\(WebhookEndpoint.path)"
                    + (others.isEmpty ? ": there is none" : ", only to \(others)"),
                "add it in Polar's dashboard with exactly this address, format raw, and the events "
                    + WebhookEndpoint.neededEvents.sorted().joined(separator: ", "))
        }
        var findings = ours.flatMap { faults(of: $0.endpoint, $0.json, check) }
        if ours.count > 1 {
            findings += .warning(
                check, "\(ours.count) endpoints lead here: every event comes as often", "remove all but one")
        }
        return findings.isEmpty
            ? .ok(check, "it leads here, is switched on, raw, and sends what is needed") : findings
    }

    private func faults(of endpoint: WebhookEndpoint, _ json: JSON, _ check: String) -> [Finding] {
        var findings: [Finding] = []
        if !endpoint.isEnabled {
            findings += .fault(
                check, "the endpoint is switched off: Polar sends nothing and keeps nothing",
                "see why deliveries failed (creditctl inbox list, logs), switch it on, then creditctl reconcile")
        }
        if endpoint.format != "raw" {
            findings += .fault(
                check, "the endpoint's format is \(endpoint.format): its bodies are unreadable", "set it to raw")
        }
        let missing = WebhookEndpoint.neededEvents.subtracting(endpoint.events).sorted()
        if !missing.isEmpty {
            findings += .fault(
                check, "the endpoint does not send \(missing.joined(separator: ", "))", "add these events to it")
        }
        if let secret = json["secret"]?.string.map({ Secret($0) }), let secrets = webhookSecrets,
            !secrets.contains(where: { $0.matches(secret) })
        {
            findings += .fault(
                "webhook_secret", "POLAR_WEBHOOK_SECRET is not the secret of the endpoint at Polar",
                "copy it from Polar's dashboard and restart polar-orders")
        }
        return findings
    }
}
