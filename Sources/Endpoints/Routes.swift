internal import Core
internal import HTTP
internal import Interface
private import Pages

/// What one executable answers: a handler for each of its routes, asked once whoever asks was found to be allowed to.
struct Routes: Sendable {
    typealias Handler = @Sendable (Request, _ segment: String) throws(RequestError) -> Response

    private let dispatch: Dispatch<Handler>
    private let store: Store
    private let log: @Sendable (LogLine) -> Void

    init(
        of program: Route.Program, _ handlers: [String: Handler], store: Store,
        log: @escaping @Sendable (LogLine) -> Void
    ) {
        dispatch = Dispatch(program.routes, handlers)
        self.store = store
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
        switch dispatch.find(request) {
        case .handler(let route, let handler, let segment):
            try admit(request, to: route)
            return try handler(request, segment)
        case .otherMethods(let methods):
            throw .methodNotAllowed((methods.contains(.get) ? methods + [.head] : methods).map(\.rawValue))
        case .nothing: throw .notFound
        }
    }

    /// A right that was taken away ends with the next request.
    private func admit(_ request: Request, to route: Route) throws(RequestError) {
        switch route.audience {
        case .user: _ = try request.profile()
        case .admin:
            let user = try request.profile().user
            guard try stored({ () throws(StoreError) in try store.admins.contains(user) }) else { throw .notAdmin }
        case .anybody, .signer, .machine, .nginx: break
        }
        switch route.form {
        case .fields: try request.expectOwnForm(request.form()["form_token"])
        case .upload, nil: break
        }
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

    /// The fields of a form.
    func form() throws(RequestError) -> Form {
        let type = MediaType.essence(headers["content-type"] ?? "")
        guard type == "application/x-www-form-urlencoded", let form = try? Form(body) else {
            throw .malformed("The body is not a form.")
        }
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
