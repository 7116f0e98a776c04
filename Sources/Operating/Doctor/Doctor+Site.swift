internal import Core
private import Identity
internal import JSON

/// What a client of the site meets.
extension Doctor {
    func siteFindings() -> [Finding] {
        guard let publicURL else { return .skipped("site", "CREDITS_PUBLIC_URL cannot be used, as said above") }
        var findings = [authFinding(publicURL), webhookFinding(publicURL)]
        for (name, path) in [
            ("checkout", "/healthz"), ("generations", "/healthz/generations"), ("admin", "/healthz/admin"),
        ] {
            findings.append(healthFinding(name, publicURL + path))
        }
        return findings + selfTestFindings(publicURL)
    }

    /// Without credentials the API says 401: that is `auth`'s word.
    private func authFinding(_ publicURL: String) -> Finding {
        finding("auth", dependencies.call(DoctorDependencies.Call(publicURL + "/api/v1/credits"))) { status, _ in
            status == 401
        }
    }

    /// Without a signature the webhook says 403.
    private func webhookFinding(_ publicURL: String) -> Finding {
        var call = DoctorDependencies.Call(publicURL + WebhookEndpoint.path)
        call.method = "POST"
        call.body = Array("{}".utf8)
        call.headers = [("Content-Type", "application/json")]
        return finding("polar-orders", dependencies.call(call)) { status, json in
            status == 403 && json?["code"] == "signature"
        }
    }

    /// Only this machine may ask for these.
    private func healthFinding(_ handler: String, _ url: String) -> Finding {
        var call = DoctorDependencies.Call(url)
        call.isLocal = true
        let answer = dependencies.call(call)
        if case .answered(404, _) = answer {
            return .warning(
                "handler_\(handler)", "nginx does not let this machine ask for \(url)",
                "look at deploy/nginx/loopback.conf, and whether nginx runs on this machine")
        }
        return finding(handler, answer) { status, _ in status == 200 }
    }

    private func finding(
        _ handler: String, _ answer: DoctorDependencies.Answer, isRight: (Int, JSON?) -> Bool
    ) -> Finding {
        let check = "handler_\(handler)"
        switch answer {
        case .failed(let reason):
            return .fault(
                check, "the site does not answer: \(reason)",
                "check CREDITS_PUBLIC_URL, DNS, the certificate, and systemctl status nginx")
        case .answered(let status, let body):
            if isRight(status, try? JSON(body)) { return .ok(check, "nginx reaches it") }
            guard status < 500 else {
                return .fault(
                    check, "nginx does not reach \(handler): \(status)",
                    "systemctl status polar-credits-\(handler), journalctl -u polar-credits-\(handler)")
            }
            return .fault(
                check, "\(handler) answers \(status), which is not what it should",
                status < 400
                    ? "a redirect: Polar counts it as a failed delivery; CREDITS_PUBLIC_URL must be the final address"
                    : "compare nginx.conf with the one that came with these programs")
        }
    }

    // MARK: An event of our own, all the way

    private func selfTestFindings(_ publicURL: String) -> [Finding] {
        let check = "webhook_self_test"
        guard let secret = webhookSecrets?.first else {
            return .skipped(check, "POLAR_WEBHOOK_SECRET cannot be used, as said above")
        }
        let now = dependencies.now()
        let id = "doctor-" + Product.ID(random: dependencies.random(16)).text
        let timestamp = String(now.rawValue / 1000)
        let event: JSON = ["type": "credits.self_test", "timestamp": .string(now.rfc3339), "data": .object([])]
        let scheme = WebhookSelfTest.schemes(of: secret, at: now).last ?? .legacy
        guard let signature = scheme.signature(id: id, timestamp: timestamp, body: event.bytes, secret: secret) else {
            return .skipped(check, "POLAR_WEBHOOK_SECRET cannot sign")
        }
        var call = DoctorDependencies.Call(publicURL + WebhookEndpoint.path)
        call.method = "POST"
        call.body = event.bytes
        call.headers = [
            ("Content-Type", "application/json"), ("webhook-id", id), ("webhook-timestamp", timestamp),
            ("webhook-signature", signature), ("User-Agent", "creditctl doctor"),
        ]
        switch dependencies.call(call) {
        case .failed(let reason):
            return .fault(check, "the public address does not answer: \(reason)", "see the lines about the handlers")
        case .answered(202, _): return [inboxFinding(id, check)]
        case .answered(403, _):
            return .fault(
                check, "polar-orders refuses an event that is signed with POLAR_WEBHOOK_SECRET",
                "it runs with another secret, or another clock: restart it")
        case .answered(let status, _):
            return .fault(
                check, "a signed event is answered with \(status) instead of 202",
                "journalctl -u polar-credits-polar-orders")
        }
    }

    private func inboxFinding(_ id: String, _ check: String) -> Finding {
        guard let store = openStore() else { return .skipped(check, "it was taken, but the inbox cannot be read") }
        do throws(StoreError) {
            guard try store.inbox.verdict(on: id) != nil else {
                return .fault(
                    check, "a signed event was taken, but is not in the inbox",
                    "polar-orders works on another database: compare its CREDITS_DATABASE")
            }
        } catch {
            return .fault(check, "the inbox cannot be read: \(error.description)", "check the database")
        }
        return .ok(check, "a signed event went through the public address into the inbox")
    }

    // MARK: Sign-in

    func signInFindings() -> [Finding] {
        let check = "sign_in"
        let settings: AuthSettings
        do throws(SettingsError) { settings = try AuthSettings(dependencies.environment()) } catch {
            return .skipped(check, "the settings of auth cannot be used, as said above")
        }
        let bytes: [UInt8]
        switch settings.keySource {
        case .file(let path):
            guard let text = dependencies.text(path) else {
                return .fault(check, "AUTH_JWKS_FILE cannot be read", "check the path and its permissions")
            }
            bytes = Array(text.utf8)
        case .address(let address):
            switch dependencies.call(DoctorDependencies.Call(address)) {
            case .failed(let reason):
                return .fault(
                    check, "AUTH_JWKS_URL does not answer: \(reason)", "nobody can sign in: check the address")
            case .answered(200, let body): bytes = body
            case .answered(let status, _):
                return .fault(check, "AUTH_JWKS_URL answers \(status)", "nobody can sign in: check the address")
            }
        }
        do throws(KeySetError) {
            let set = try KeySet(bytes)
            return .ok(check, "the issuer's keys can be read: \(set.keys.count)")
        } catch {
            return .fault(
                check, "the issuer's keys are none: \(error.description)", "check AUTH_JWKS_URL or AUTH_JWKS_FILE")
        }
    }
}
