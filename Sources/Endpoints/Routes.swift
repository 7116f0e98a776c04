internal import Core
internal import HTTP
private import Pages

/// The addresses of one executable, and what each answers.
struct Routes: Sendable {
    typealias Handler = @Sendable (Request, _ segment: String) throws(RequestError) -> Response

    /// One address and its methods. A path may hold `{id}`: one segment, handed to the handler; or `{id*}`: one or more of
    /// them, for a name that may hold slashes. The first path that matches counts.
    struct Route: Sendable {
        let path: String
        let handlers: [(method: Request.Method, handler: Handler)]
        private let prefix: [UInt8]
        /// `nil` without a hole.
        private let suffix: [UInt8]?
        private let holdsSlashes: Bool

        init(_ path: String, _ handlers: [(method: Request.Method, handler: Handler)]) {
            self.path = path
            self.handlers = handlers
            holdsSlashes = path.contains("{id*}")
            let hole = path.firstRange(of: holdsSlashes ? "{id*}" : "{id}")
            prefix = Array(path[..<(hole?.lowerBound ?? path.endIndex)].utf8)
            suffix = hole.map { Array(path[$0.upperBound...].utf8) }
        }

        /// The segment in place of `{id}`, empty if the path has none; `nil` if it is another path.
        func match(_ given: String) -> String? {
            let given = given.utf8
            guard let suffix else { return given.elementsEqual(prefix) ? "" : nil }
            guard given.starts(with: prefix), given.suffix(suffix.count).elementsEqual(suffix),
                given.count > prefix.count + suffix.count
            else { return nil }
            let segment = given.dropFirst(prefix.count).dropLast(suffix.count)
            return segment.contains(UInt8(ascii: "/")) && !holdsSlashes ? nil : String(Substring(segment))
        }
    }

    private let routes: [Route]
    private let log: @Sendable (LogLine) -> Void

    init(_ routes: [Route], log: @escaping @Sendable (LogLine) -> Void) {
        self.routes = routes
        self.log = log
    }

    func respond(to request: Request) -> Response {
        do throws(RequestError) {
            return try answer(request)
        } catch {
            if let line = error.logLine { log(line.of(request: request.id)) }
            return error.response(to: request)
        }
    }

    private func answer(_ request: Request) throws(RequestError) -> Response {
        for route in routes {
            guard let segment = route.match(request.path) else { continue }
            // HEAD is GET whose body nginx leaves out.
            let method = request.method == .head ? .get : request.method
            if let found = route.handlers.first(where: { $0.method == method }) {
                return try found.handler(request, segment)
            }
            let allowed = route.handlers.map(\.method.rawValue)
            throw .methodNotAllowed(allowed.contains("GET") ? allowed + ["HEAD"] : allowed)
        }
        throw .notFound
    }
}

extension RequestError {
    /// A problem for programs, a page for people.
    func response(to request: Request) -> Response {
        let problem = problem
        guard request.wantsPage else { return problem.response(to: request) }
        let page = MessagePage(
            problem.title, problem.detail.isEmpty ? "Nothing was changed." : problem.detail,
            actions: [Action("Back to the start", "/")], requestID: request.id)
        var response = Response.html(problem.status, page.html)
        for (name, value) in problem.headers.sorted { response.headers[name] = value }
        return response
    }
}

extension Request {
    /// Who asks, as far as the database is concerned.
    func profile() throws(RequestError) -> Profile {
        guard let caller, let user = UserID(caller.user) else { throw .notSignedIn }
        let proof: EmailProof = caller.isEmailVerified.map { $0 ? .verified : .unverified } ?? .unclaimed
        return Profile(user: user, email: caller.email, name: caller.name, proof: proof)
    }

    /// The token that this caller's forms carry; empty for a program with a bearer token, which needs none.
    var formToken: String {
        guard case .cookie(let token) = caller?.credential else { return "" }
        return token
    }

    /// The fields of a form that was sent from a page of this session.
    func form() throws(RequestError) -> Form {
        let type = MediaType.essence(headers["content-type"] ?? "")
        guard type == "application/x-www-form-urlencoded", let form = try? Form(body) else {
            throw .malformed("The body is not a form.")
        }
        try expectOwnForm(form["form_token"])
        return form
    }

    /// Refuses a form that was not sent from a page of this session.
    ///
    /// - Parameter sent: what it carries as `form_token`.
    func expectOwnForm(_ sent: String?) throws(RequestError) {
        switch caller?.credential {
        case .bearer: break
        case .cookie(let token): guard FormToken.matches(sent, token) else { throw .foreignForm }
        case nil: throw .notSignedIn
        }
    }
}
