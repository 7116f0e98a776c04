internal import Core
internal import HTTP
internal import Interface
internal import JSON

/// The addresses under `/api/v1/admin`.
enum AdminAPI {
    static func handlers(_ dependencies: AdminDependencies) -> [String: Site.Handler] {
        let settings = SettingsAPI(dependencies: dependencies)
        let users = UsersAPI(dependencies: dependencies)
        let orders = OrdersAPI(dependencies: dependencies)
        let inbox = DeliveriesAPI(dependencies: dependencies)
        let admins = AdminsAPI(dependencies: dependencies)
        return [
            "getSettings": settings.show, "changeSettings": settings.change, "listPayments": orders.payments,
            "listUsers": users.list, "adjustUser": users.adjust, "getUser": users.show, "listParked": orders.parked,
            "assignOrder": orders.assign, "dismissOrder": orders.dismiss, "listDeliveries": inbox.list,
            "replayDelivery": inbox.replay, "getDelivery": inbox.show, "listAdmins": admins.list,
            "grantAdmin": admins.grant, "revokeAdmin": admins.revoke,
        ]
    }
}

/// `?limit=` and `?cursor=` of an admin's list.
struct ListSlice {
    let limit: Int
    let cursor: ListCursor?

    init(_ parameters: Form) throws(RequestError) {
        limit = try parameters.limit()
        cursor = try parameters.value("cursor", "a next_cursor", ListCursor.init)
    }
}

extension Form {
    /// How many rows a page of a list has.
    func limit() throws(RequestError) -> Int {
        guard let limit = Int(self["limit"] ?? "20"), (1...100).contains(limit) else {
            throw .invalid(field: "limit", rule: "a whole number from 1 to 100")
        }
        return limit
    }

    /// The value of a filter; `nil` if it is absent or empty, as an empty field of a form is.
    func value<Value>(
        _ name: String, _ rule: String, _ read: (String) -> Value?
    ) throws(RequestError) -> Value? {
        guard let text = self[name], !text.isEmpty else { return nil }
        guard let value = read(text) else { throw .invalid(field: name, rule: rule) }
        return value
    }
}

extension Response {
    static func list<Item>(_ listing: Listing<Item>, _ shape: ListShape<Item>) -> Response {
        .json(.ok, shape.json(listing))
    }
}

extension Request {
    /// The body as a JSON object.
    func object() throws(RequestError) -> JSON {
        guard let json = try? JSON(body), json.members != nil else {
            throw .malformed("The body is not a JSON object.")
        }
        return json
    }
}
