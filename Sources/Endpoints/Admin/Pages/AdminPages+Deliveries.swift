internal import Core
internal import HTTP
internal import JSON
internal import Pages

extension AdminPages {
    func delivery(_ request: Request, _ id: String) throws(RequestError) -> Response {
        .html(.ok, try deliveryPage(request, id))
    }

    private func deliveryPage(_ request: Request, _ id: String, fault: String? = nil) throws(RequestError) -> String {
        guard let kept = try stored(store.inbox.find(id)) else { throw .notFound }
        let view = DeliveryView(
            kept.summary, headers: kept.headers.map { "\($0.name): \($0.value)" }.joined(separator: "\n"),
            body: kept.body.map(Self.readable))
        return AdminPage.delivery(view, fault: fault, try context(request)).html
    }

    /// Does anew what a delivery tells.
    func replay(_ request: Request, _: Form, _ id: String) throws(RequestError) -> Response {
        let actor = try request.profile().user
        let outcome = try stored(store.inbox.replay(id, by: actor.text, in: dependencies.scope, at: dependencies.now()))
        dependencies.tell(outcome, ["webhook.id": id], by: actor, request)
        switch outcome {
        case .replayed: return Self.done(AdminPage.address(ofDelivery: id), .replayed)
        case .unknownDelivery: throw .notFound
        case .bodyGone:
            return .html(
                .conflict, try deliveryPage(request, id, fault: "Its body is gone, so nothing can be replayed."))
        case .otherEnvironment:
            let fault = "It came from Polar's other environment, and does nothing here."
            return .html(.conflict, try deliveryPage(request, id, fault: fault))
        }
    }

    /// JSON with a line for each value; what is none as it came, as far as it is text.
    static func readable(_ body: [UInt8]) -> String {
        guard let json = try? JSON(body) else { return String(decoding: body, as: UTF8.self) }
        return json.indented()
    }
}

extension JSON {
    /// The same with a line for each value.
    func indented(_ depth: Int = 0) -> String {
        let (outer, inner) = (String(repeating: "  ", count: depth), String(repeating: "  ", count: depth + 1))
        if let members, !members.isEmpty {
            let lines = members.map {
                "\(inner)\(JSON.string($0.name).text): \($0.value.indented(depth + 1))"
            }
            return "{\n\(lines.joined(separator: ",\n"))\n\(outer)}"
        }
        if let array, !array.isEmpty {
            return "[\n\(array.map { inner + $0.indented(depth + 1) }.joined(separator: ",\n"))\n\(outer)]"
        }
        return text
    }
}
