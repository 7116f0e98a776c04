internal import Crypto
internal import HTTP
private import HTTPClient
internal import JOSE
internal import JSON
private import Threads

/// Tokens without a login, right or spoilt in any way, and the issuer's word that somebody is signed out.
///
/// ```
/// GET  /issuer/token      sub!, seconds, typ, iss, aud (comma list), azp, sid, email, email_verified, events;
///                         "none" leaves a claim or typ out
/// GET  /issuer/sessions   sub!: the sid of each login, oldest first
/// POST /issuer/logout     sub, sid, jti, and typ, iss, aud, nonce, events, seconds to spoil it; a form.
///                         Sent to the site unless send=false; answers the token and the site's status and body
/// ```
extension Issuer {
    func convenience(_ request: Request) -> Response {
        let form = request.parameters
        guard let name = Self.name(form["sub"]) else { return Self.failure(.badRequest, "sub is missing") }
        guard let seconds = Self.seconds(form, standard: 3600),
            let token = signed(claims(of: name, seconds: seconds), spoiltBy: form, type: "JWT")
        else { return Self.failure(.badRequest, "seconds") }
        return .json(.ok, ["token": .string(token)])
    }

    /// The ID token that ends a login.
    func token(of grant: Grant) -> String? {
        let nonce = grant.nonce.map { [JSON.Member("nonce", .string($0))] } ?? []
        let own = nonce + [.init("sid", .string(grant.session))]
        return try? JWS.signed(JSON.object(claims(of: grant.name, seconds: 600, own)).bytes, by: key)
    }

    func sessions(_ request: Request) -> Response {
        guard let name = Self.name(request.parameters["sub"]) else {
            return Self.failure(.badRequest, "sub is missing")
        }
        let sessions = world.withLock { $0.issuerSessions[name] ?? [] }
        return .json(.ok, ["items": .array(sessions.map(JSON.string))])
    }

    /// Source: https://openid.net/specs/openid-connect-backchannel-1_0.html#BCRequest
    func logOut(_ request: Request) -> Response {
        // Another site's page must not press our buttons.
        if request.headers["sec-fetch-site"] == "cross-site" { return Response(.forbidden) }
        guard let form = try? Form(request.body), let seconds = Self.seconds(form, standard: 120),
            let token = logoutToken(form, seconds: seconds)
        else { return Self.failure(.badRequest, "invalid_request") }
        guard form["send"] != "false" else { return .json(.ok, ["logout_token": .string(token)]) }
        let client = HTTPClient(connectTimeout: .seconds(5), totalTimeout: .seconds(10), maximumResponseBytes: 1 << 16)
        do throws(HTTPClientError) {
            let answer = try client.send(
                HTTPClient.Call(
                    method: "POST", url: settings.siteURL + "/auth/backchannel-logout",
                    headers: [("Content-Type", "application/x-www-form-urlencoded")],
                    body: Array("logout_token=\(token)".utf8)))
            return .json(
                .ok,
                [
                    "logout_token": .string(token), "status": .integer(Int64(answer.status)),
                    "cache_control": .optional(answer.headers["cache-control"]),
                    "body": .string(String(decoding: answer.body, as: UTF8.self)),
                ])
        } catch {
            return Self.failure(.badGateway, "the site did not answer")
        }
    }

    private func logoutToken(_ form: Form, seconds: Int64) -> String? {
        let now = Moment.now().seconds
        var claims: [JSON.Member] = [
            .init("iss", .string(settings.publicURL)), .init("aud", .string(settings.clientID)),
            .init("iat", .integer(min(now, now + seconds))), .init("exp", .integer(now + seconds)),
            .init("jti", .string(newToken())),
            .init("events", .object([.init("http://schemas.openid.net/event/backchannel-logout", .object([]))])),
        ]
        if let name = form["sub"], !name.isEmpty { claims.append(.init("sub", .string(name))) }
        return signed(claims, spoiltBy: form, type: "logout+jwt")
    }

    private static func seconds(_ form: Form, standard: Int64) -> Int64? {
        let seconds = form["seconds"].map { Int64($0) } ?? standard
        return seconds.flatMap { (-86_400...31_536_000).contains($0) ? $0 : nil }
    }

    private func claims(of name: String, seconds: Int64, _ more: [JSON.Member] = []) -> [JSON.Member] {
        let now = Moment.now().seconds
        let email = name.contains("@") ? name : "\(name)@example.com"
        let display = name.prefix(1).uppercased() + name.dropFirst()
        let claims: [JSON.Member] = [
            .init("iss", .string(settings.publicURL)), .init("sub", .string(name)),
            .init("aud", .string(settings.clientID)), .init("azp", .string(settings.clientID)),
            .init("iat", .integer(min(now, now + seconds))), .init("exp", .integer(now + seconds)),
            .init("email", .string(email)), .init("email_verified", true), .init("name", .string(display)),
        ]
        let wishes = world.withLock { $0.behaviour.claims }
        return Self.changed(claims + more, wishes)
    }

    /// What a form says of claims wins.
    private func signed(_ claims: [JSON.Member], spoiltBy form: Form, type: String) -> String? {
        let type: String? = form["typ"].map { $0 == "none" ? nil : $0 } ?? type
        let names = ["iss", "aud", "azp", "sid", "jti", "nonce", "email", "email_verified", "events"]
        let wishes = names.compactMap { name in form[name].flatMap { $0.isEmpty ? nil : (name, $0) } }
        return try? JWS.signed(JSON.object(Self.changed(claims, wishes)).bytes, by: key, type: type)
    }

    private static func changed(_ claims: [JSON.Member], _ wishes: [(name: String, value: String)]) -> [JSON.Member] {
        var claims = claims
        for (name, value) in wishes {
            claims.removeAll { $0.name == name }
            guard value != "none" else { continue }
            claims.append(.init(name, Self.value(of: name, value)))
        }
        return claims
    }

    private static func value(of name: String, _ text: String) -> JSON {
        switch name {
        case "email_verified" where text == "true" || text == "false": .bool(text == "true")
        case "aud" where text.contains(","): .array(text.split(separator: ",").map { .string(String($0)) })
        case "events": (try? JSON(Array(text.utf8))) ?? .string(text)
        case _: .string(text)
        }
    }
}
