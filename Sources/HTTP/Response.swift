public import JSON

/// One HTTP response, whole and in memory.
public struct Response: Sendable, Equatable {
    public var status: Status
    public var headers: Headers
    /// `Set-Cookie` fields, the only ones that may stand more than once.
    public var cookies: [String]
    public var body: [UInt8]

    public init(_ status: Status, headers: Headers = [:], cookies: [String] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.cookies = cookies
        self.body = body
    }

    public static func json(_ status: Status, _ value: JSON, headers: Headers = [:]) -> Response {
        var response = Response(status, headers: headers, body: value.bytes)
        response.headers["content-type"] = "application/json"
        response.headers["cache-control"] = "no-store"
        return response
    }

    public static func html(_ status: Status, _ page: String) -> Response {
        Response(
            status, headers: ["content-type": "text/html; charset=utf-8", "cache-control": "no-store"],
            body: Array(page.utf8))
    }

    /// 303: after a form, the browser reads the next page with GET.
    public static func seeOther(_ location: String) -> Response {
        Response(.seeOther, headers: ["location": location, "cache-control": "no-store"])
    }
}

public struct Status: RawRepresentable, Sendable, Hashable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    public static let ok = Status(rawValue: 200)
    public static let created = Status(rawValue: 201)
    public static let accepted = Status(rawValue: 202)
    public static let noContent = Status(rawValue: 204)
    public static let found = Status(rawValue: 302)
    public static let seeOther = Status(rawValue: 303)
    public static let notModified = Status(rawValue: 304)
    public static let badRequest = Status(rawValue: 400)
    public static let unauthorized = Status(rawValue: 401)
    public static let paymentRequired = Status(rawValue: 402)
    public static let forbidden = Status(rawValue: 403)
    public static let notFound = Status(rawValue: 404)
    public static let methodNotAllowed = Status(rawValue: 405)
    public static let conflict = Status(rawValue: 409)
    public static let contentTooLarge = Status(rawValue: 413)
    public static let unsupportedMediaType = Status(rawValue: 415)
    public static let unprocessableContent = Status(rawValue: 422)
    public static let tooManyRequests = Status(rawValue: 429)
    public static let badGateway = Status(rawValue: 502)
    public static let serviceUnavailable = Status(rawValue: 503)
    public static let gatewayTimeout = Status(rawValue: 504)
}
