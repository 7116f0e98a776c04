internal import JSON

extension Route {
    static let polarOrders: [Route] = [
        .signed(
            "receiveOrder", "/polar/orders", by: .polar, "Polar's signed webhook",
            headers: [
                .header(
                    "webhook-id", ["type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"],
                    "Names the event"),
                .header(
                    "webhook-timestamp", ["type": "string", "pattern": "^[0-9]{1,12}$"],
                    "Unix seconds of this attempt"),
                .header(
                    "webhook-signature", ["type": "string", "pattern": "^v1,[A-Za-z0-9+/=]+$"],
                    "Standard Webhooks, over the raw body"),
            ], body: Body([("application/json", ["type": "object"])]),
            answers: [
                .bare(202, "Verified and stored"), .problem(400, "Signed, but not readable as an event"),
                .problem(403, "The signature is not valid now"), .problem(413, "Over 1 MiB"),
                .problem(503, "Try again later"),
            ])
    ]

    static let auth: [Route] = [
        .asked("check", "/auth/check"),
        .asked("checkAdmin", "/auth/check/admin"),
        .asked("required", "/auth/required"),
        .asked("requiredAdmin", "/auth/required/admin"),
        .asked("refused", "/auth/refused"),
        .signIn("beginLogin", .get, "/auth/login"),
        .signIn("endLogin", .get, "/auth/callback"),
        .signIn("offerLogout", .get, "/auth/logout"),
        .signIn("logOut", .post, "/auth/logout"),
        .signed(
            "logOutByIssuer", "/auth/backchannel-logout", by: .issuer,
            "OpenID Connect back-channel logout: ends the sessions that the token names",
            body: Body([("application/x-www-form-urlencoded", logoutForm)]),
            answers: [
                Answer(
                    status: 200, about: "Ended",
                    headers: [("cache-control", ["schema": ["type": "string", "const": "no-store"]])]),
                .problem(400, "Not a logout token for this site, or one that came before"),
                .problem(404, "This site has no login of its own"), .problem(413, "Over 16 KiB"),
                .problem(503, "Try again later"),
            ]),
    ]

    private static let logoutForm = JSON.taking(
        [
            (
                "logout_token",
                [
                    "type": "string", "minLength": 1,
                    "description": "A JWT of typ logout+jwt, or without typ, signed by the issuer",
                ]
            )
        ], required: ["logout_token"])
}
