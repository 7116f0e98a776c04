import HTTP
import Testing

@testable import Core
@testable import Endpoints

/// What an admin does is told in one line of log, wherever it is done.
@Suite struct DeedTests {
    struct Deed: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let api: (method: Request.Method, path: String, body: String)
        let page: (path: String, form: String)

        init(
            _ name: String, _ method: Request.Method = .post, api: String, _ body: String = "", page: String,
            _ form: String = ""
        ) {
            testDescription = name
            self.api = (method, "/api/v1/admin/" + api, body)
            self.page = (page, form)
        }
    }

    private static let order = AdminOffice.id(1)

    static let deeds = [
        Deed(
            "assign", api: "parked/\(order)/assign", #"{"user_id":"ada"}"#, page: "/admin/parked/\(order)",
            "action=assign&user_id=ada"),
        Deed(
            "dismiss", api: "parked/\(order)/dismiss", #"{"reason":"twice"}"#, page: "/admin/parked/\(order)",
            "action=dismiss&reason=twice"),
        Deed("replay", api: "deliveries/w1/replay", page: "/admin/deliveries/w1"),
        Deed("grant", .put, api: "admins/ada", page: "/admin/admins", "action=grant&user_id=ada"),
        Deed(
            "adjust", api: "users/ada/adjustments", #"{"amount":5,"reason":"sorry"}"#, page: "/admin/users/ada",
            "amount=5&reason=sorry&idempotency_key=k"),
    ]

    private func line(_ act: (AdminOffice) -> Response) throws -> String {
        let office = try AdminOffice()
        try office.receive(AdminOffice.order(1), as: "w1")
        let response = act(office)
        #expect(
            [.ok, .created, .seeOther].contains(response.status),
            "\(response.status) \(String(decoding: response.body, as: UTF8.self))")
        #expect(office.lines.count == 1)
        return try #require(office.lines.first).json(at: office.now)
    }

    @Test(arguments: deeds)
    func pageAndAPITellTheSame(_ deed: Deed) throws {
        let api = try line { $0.send(deed.api.method, deed.api.path, body: deed.api.body) }
        let page = try line {
            $0.send(
                .post, deed.page.path, headers: ["content-type": "application/x-www-form-urlencoded"],
                body: "form_token=token&" + deed.page.form, credential: .cookie(formToken: "token"))
        }
        #expect(page == api)
        #expect(api.contains(#""admin.id":"root""#) && api.contains(#""request.id":"r1""#))
    }
}
