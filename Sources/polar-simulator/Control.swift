internal import HTTP
internal import JSON
internal import Threads

/// The control API: what Polar's customers, banks and networks would do, and faults at will.
///
/// Every POST takes a JSON object (all members optional unless `!`) and answers the changed thing, or 4xx with
/// `{"error","detail"}`. The control page posts the same names as a form to `/control/do/...` and gets 303.
///
/// ```
/// GET  /control/api/state                      settings, endpoint, checkouts, orders, refunds, disputes, events
/// POST /control/api/settings                   scheme, retry_factor, drop, drop_next, duplicates, hold,
///                                              replica_lag_seconds, api_limit_per_minute, benefit
/// POST /control/api/faults                     fault! 400-599|timeout|half|drip|nonsense, count, seconds, acts; {} clears
/// POST /control/api/issuer-faults              the same, for the issuer's configuration, keys and tokens
/// POST /control/api/setup                      scopes, endpoint_url, endpoint_events, endpoint_format,
///                                              endpoint_missing, product_archived, product_recurring,
///                                              product_currency, product_amount, product_amount_type,
///                                              date_offset_seconds; {}: all is right again
/// POST /control/api/provider                   fault none|429|500|503|hang|slow|safety|prompt_block|nonsense|cut_off|
///                                              not_an_image|no_image, count N|forever, delay_ms, retry_seconds, forget
/// GET  /control/api/provider                   calls, pictures, fault, last; /last: the picture that was sent last
/// POST /control/api/issuer                     email, email_verified, sid: in every token from now on; "none" leaves it
///                                              out; {}: all as usual. Tokens and logouts: see Issuer+Tokens.swift
/// POST /control/api/deliveries/release         order forward|reverse|[event ids]: sends what `hold` kept back
/// POST /control/api/deliveries/run-due         every waiting retry is due now
/// POST /control/api/endpoint/enable            after ten failed events in a row; /disable likewise
/// POST /control/api/events                     body!|raw!, type, webhook_id: sends any signed body
/// POST /control/api/events/{id}/redeliver      as Polar's own: same id and body
/// POST /control/api/events/{id}/send           copies: at once, besides the schedule
/// POST /control/api/pay                        checkout_id!, external_customer_id, email, name, country, discount
/// POST /control/api/checkouts/{id}/(pay|decline|expire)
/// POST /control/api/orders                     user, email, product_id, foreign, amount, metadata, status paid|pending
/// POST /control/api/history                    orders!, refunds, equal, days: sales of the past without any event
/// POST /control/api/orders/{id}/refund         amount, pending, revoke_benefits, reason
/// POST /control/api/orders/{id}/dispute        status needs_response|early_warning|prevented|lost|won
/// POST /control/api/orders/{id}/(void|settle)  of a pending order
/// POST /control/api/refunds/{id}/settle        status! succeeded|failed; /bounce of a succeeded one
/// POST /control/api/disputes/{id}              status!
/// ```
struct Control: Sendable {
    let world: Monitor<World>

    func respond(to request: Request) -> Response? {
        let path = request.path.split(separator: "/").map(String.init)
        guard path.first == "control", path.count >= 3 else { return nil }
        // Another site's page must not press our buttons.
        if request.headers["sec-fetch-site"] == "cross-site" { return Response(.forbidden) }
        let rest = Array(path.dropFirst(2))
        switch (path[1], request.method) {
        case ("api", .get): return read(rest)
        case ("api", .post):
            return answer(rest, parameters: request.body.isEmpty ? .object([]) : try? JSON(request.body))
        case ("do", .post):
            let response = answer(rest, parameters: (try? Form(request.body)).map(Self.json))
            guard response.status.rawValue < 400 else { return Self.page(of: response) }
            return .seeOther("/control")
        case _: return nil
        }
    }

    private func read(_ path: [String]) -> Response? {
        switch path {
        case ["state"]: return .json(.ok, world.withLock { $0.summary })
        case ["provider"]: return .json(.ok, world.withLock { $0.provider.summary })
        case ["provider", "last"]:
            return world.withLock { $0.provider.last }.map {
                Response(.ok, headers: ["content-type": $0.mimeType, "cache-control": "no-store"], body: $0.picture)
            }
        case _: return nil
        }
    }

    private func answer(_ path: [String], parameters: JSON?) -> Response {
        guard let parameters, parameters.members != nil else {
            return Polar.failure(Refusal(400, "BadRequest", "The body is not a JSON object."))
        }
        do throws(Refusal) {
            let wish = Wish(parameters)
            return .json(.ok, try world.withLocked { world throws(Refusal) in try world.perform(path, wish) })
        } catch {
            return Polar.failure(error)
        }
    }

    private static func json(_ form: Form) -> JSON {
        .object(form.fields.filter { !$0.value.isEmpty }.map { JSON.Member($0.name, .string($0.value)) })
    }

    private static func page(of failure: Response) -> Response {
        let text = (try? JSON(failure.body))?["detail"]?.string ?? "It did not work."
        return Page.message.response(failure.status, ["title": "Not possible", "text": text, "link": "/control"])
    }
}

/// Parameters of the control API; a form's texts stand for numbers and flags.
struct Wish {
    let json: JSON

    init(_ json: JSON) { self.json = json }

    func text(_ name: String) -> String? { json[name]?.string }

    func number(_ name: String) throws(Refusal) -> Int64? {
        guard let value = json[name] else { return nil }
        guard let number = value.integer ?? value.string.flatMap({ Int64($0) }), (0...1_000_000_000).contains(number)
        else {
            throw .badParameter("\(name) is not a whole number.")
        }
        return number
    }

    func flag(_ name: String) throws(Refusal) -> Bool? {
        guard let value = json[name] else { return nil }
        if let flag = value.bool { return flag }
        switch value.string {
        case "true", "on", "1": return true
        case "false", "off", "0": return false
        case _: throw .badParameter("\(name) is not true or false.")
        }
    }

    func decimal(_ name: String) throws(Refusal) -> Double? {
        guard let value = json[name] else { return nil }
        guard let number = Double(value.string ?? value.text), number.isFinite, (0.0001...100).contains(number) else {
            throw .badParameter("\(name) is not a number from 0.0001 to 100.")
        }
        return number
    }

    func choice<Choice: RawRepresentable<String>>(_ name: String, _: Choice.Type) throws(Refusal) -> Choice? {
        guard let text = text(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            throw .badParameter("\(name) cannot be \(text).")
        }
        return choice
    }

    func required(_ name: String) throws(Refusal) -> String {
        guard let text = text(name) else { throw .badParameter("\(name) is missing.") }
        return text
    }
}
