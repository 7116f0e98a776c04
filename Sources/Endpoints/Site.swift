internal import Core
public import HTTP
internal import Interface
private import Pages

/// What one executable answers: a handler for each of its routes, asked once whoever asks was found to be allowed to.
public struct Site: Sendable {
    typealias Handler = @Sendable (Request, _ segment: String) throws(RequestError) -> Response
    /// Does what a form asks for that was sent from a page of this session.
    typealias FormHandler = @Sendable (Request, Form, _ segment: String) throws(RequestError) -> Response

    /// Whether this is asked by somebody who wants to know if anything hangs.
    public let isUrgent: @Sendable (_ path: String) -> Bool
    private let dispatch: Dispatch<Handler>
    private let dependencies: any Dependencies

    init(
        of program: Route.Program, _ handlers: [String: Handler], forms: [String: FormHandler] = [:],
        _ dependencies: any Dependencies
    ) {
        let withForms = program.routes.filter { $0.form == .fields }.map(\.name)
        precondition(Set(withForms) == Set(forms.keys), "A form is read by whoever takes one")
        dispatch = Dispatch(program.routes, handlers.merging(forms.mapValues(Self.reading)) { handler, _ in handler })
        self.dependencies = dependencies
        isUrgent = program.isUrgent
    }

    private static func reading(_ handler: @escaping FormHandler) -> Handler {
        @Sendable func handle(_ request: Request, _ segment: String) throws(RequestError) -> Response {
            try handler(request, try request.ownForm(), segment)
        }
        return handle
    }

    public func respond(to request: Request) -> Response {
        do throws(RequestError) {
            return try answer(request)
        } catch {
            if let line = error.logLine { dependencies.log(line.of(request: request.id)) }
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
            guard try stored(dependencies.store.admins.contains(user)) else { throw .notAdmin }
        case .anybody, .signer, .machine, .nginx: break
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

    /// The fields of a form that was sent from a page of this session.
    fileprivate func ownForm() throws(RequestError) -> Form {
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
