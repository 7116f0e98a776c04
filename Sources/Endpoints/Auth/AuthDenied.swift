internal import Core
internal import HTTP
internal import Identity
private import Pages

extension Auth {
    /// What a client sees instead of a bare 401: on the API the problem, on a page the login, unless it asks for JSON.
    ///
    /// - Parameter area: for admins' pages the issuer is to ask anew, even if it knows the browser.
    func required(_ request: Request, in area: Session.Area) -> Response {
        let asksForJSON = request.headers["accept"].map { ContentNegotiation.prefersJSON($0) } ?? false
        guard !isForAPI(request), !asksForJSON else { return Problem.unauthenticated.response(to: request) }
        // A form's answers cannot be taken along: after the login it is filled in anew.
        let target = request.method == .get ? LocalPath(request.originalTarget) : nil
        let location = Self.loginAddress(returnTo: target, anew: area == .admin)
        let status: Status = request.method.isSafe ? .found : .seeOther
        return Response(status, headers: ["location": location, "cache-control": "no-store"])
    }

    /// What a client sees instead of a bare 403.
    func refused(_ request: Request) -> Response {
        guard deservesPage(request) else { return Problem.crossSite.response(to: request) }
        let page = MessagePage(
            "That did not come from this site",
            "Your browser says that another site sent this, so nothing was done. Open the page here and try again.",
            actions: [Action("Back to the start", "/")], requestID: request.id)
        return .html(.forbidden, page.html)
    }

    private func deservesPage(_ request: Request) -> Bool { !isForAPI(request) && request.wantsPage }

    private func isForAPI(_ request: Request) -> Bool { request.originalTarget.utf8.starts(with: "/api/".utf8) }

    static func loginAddress(returnTo target: LocalPath?, anew: Bool = false) -> String {
        let parameters = [
            target.map { "return_to=" + PercentEncoding.encoded($0.text) }, anew ? "prompt=login" : nil,
        ].compactMap(\.self)
        return "/auth/login" + (parameters.isEmpty ? "" : "?" + parameters.joined(separator: "&"))
    }
}
