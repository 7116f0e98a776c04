public import JSON

/// An error that a client is told about, in the shape of RFC 9457 problem details.
///
/// `code` is the stable name that clients switch on; `title` and `detail` are for people and may change.
/// Anything secret or internal belongs into the log line, never here.
///
/// Source: https://www.rfc-editor.org/rfc/rfc9457
public struct Problem: Sendable, Equatable {
    public var status: Status
    public var code: String
    public var title: String
    public var detail: String
    /// Extension members: further facts that a client may act on.
    public var members: [JSON.Member]
    public var headers: Headers

    public init(
        _ status: Status, code: String, title: String, detail: String = "", members: [JSON.Member] = [],
        headers: Headers = [:]
    ) {
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.members = members
        self.headers = headers
    }

    public func response(to request: Request) -> Response { response(requestID: request.id) }

    /// The body; its description is taken from it.
    public func json(requestID: String) -> JSON {
        .object(
            [
                .init("type", .string("/problems/\(code.replacing("_", with: "-"))")), .init("title", .string(title)),
                .init("status", .integer(Int64(status.rawValue))),
                .init("detail", .string(detail.isEmpty ? title : detail)), .init("code", .string(code)),
                .init("request_id", .string(requestID)),
            ] + members)
    }

    public func response(requestID: String) -> Response {
        var response = Response.json(status, json(requestID: requestID), headers: headers)
        response.headers["content-type"] = "application/problem+json"
        return response
    }
}

extension Problem {
    public static let notFound = Problem(.notFound, code: "not_found", title: "There is nothing here")

    public static func methodNotAllowed(_ allowed: [Request.Method]) -> Problem {
        Problem(
            .methodNotAllowed, code: "method_not_allowed", title: "This address does not take that method",
            headers: ["allow": allowed.map(\.rawValue).joined(separator: ", ")])
    }
}
