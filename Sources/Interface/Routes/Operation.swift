private import HTTP
internal import JSON

/// What a program that asks needs to know of one method of one address.
struct Operation: Sendable {
    let summary: String
    let tag: Tag
    let parameters: [Parameter]
    let body: Body?
    let answers: [Answer]
    /// The problems that it may be answered with, in the words of all.
    let refusals: [Refusal]

    enum Tag: String, CaseIterable, Sendable {
        case user, admin, polar, issuer
    }
}

/// Something in the address or in the headers.
struct Parameter: Sendable {
    enum Place: String, Sendable { case path, query, header }

    let name: String
    let place: Place
    let isRequired: Bool
    let schema: JSON
    let about: String

    static func header(_ name: String, _ schema: JSON, _ about: String) -> Parameter {
        Parameter(name: name, place: .header, isRequired: true, schema: schema, about: about)
    }

    static func text(_ name: String, _ about: String) -> Parameter {
        Parameter(
            name: name, place: .query, isRequired: false, schema: ["type": "string", "maxLength": 255], about: about)
    }

    /// A filter of a list, which an empty field of a form leaves out.
    static func filter(_ name: String, _ schema: JSON, _ about: String) -> Parameter {
        Parameter(
            name: name, place: .query, isRequired: false, schema: ["anyOf": [schema, ["const": ""]]],
            about: about + "; empty as if it were not there")
    }

    /// What the hole of a path names.
    static func subject(_ name: String, _ schema: JSON, _ about: String) -> Parameter {
        Parameter(name: name, place: .path, isRequired: true, schema: schema, about: about)
    }

    static let idempotencyKey = Parameter(
        name: "Idempotency-Key", place: .header, isRequired: false,
        schema: ["type": "string", "pattern": "^[!-~]{0,255}$"],
        about: "The same key and body bring the first answer again, for 24 hours; what was refused is decided anew")
}

extension [Parameter] {
    static let page: [Parameter] = [
        Parameter(
            name: "limit", place: .query, isRequired: false,
            schema: Kind.whole(in: 1...100).schema.replacing("default", with: 20), about: "How many at most"),
        Parameter(
            name: "cursor", place: .query, isRequired: false,
            schema: ["type": "string", "pattern": "^[A-Za-z0-9_-]{0,2048}$"],
            about: "The `next_cursor` of the page before"),
    ]
}

/// What is sent.
struct Body: Sendable {
    let isRequired: Bool
    let contents: [(type: String, schema: JSON)]
    let uses: [Component]

    init(isRequired: Bool = true, _ contents: [(type: String, schema: JSON)], uses: [Component] = []) {
        self.isRequired = isRequired
        self.contents = contents
        self.uses = uses
    }

    static func json(_ component: Component) -> Body {
        Body([("application/json", component.reference)], uses: [component])
    }
}

/// What is answered.
struct Answer: Sendable {
    let status: Int
    let about: String
    var contents: [(type: String, schema: JSON?)] = []
    var headers: [(name: String, header: JSON)] = []
    var uses: [Component] = []

    static func json(_ status: Int, _ about: String, _ component: Component) -> Answer {
        Answer(
            status: status, about: about, contents: [("application/json", component.reference)], uses: [component])
    }

    /// The answer that made or queued something names where it is.
    static func made(_ status: Int, _ about: String, _ component: Component) -> Answer {
        var answer = json(status, about, component)
        answer.headers = [("Location", ["required": true, "schema": ["type": "string"]])]
        return answer
    }

    static func bare(_ status: Int, _ about: String) -> Answer { Answer(status: status, about: about) }

    static func problem(_ status: Int, _ about: String) -> Answer {
        Answer(
            status: status, about: about, contents: [("application/problem+json", Component.problem.reference)],
            uses: [.problem])
    }
}

/// The problems that mean the same wherever they are answered.
enum Refusal: Int, CaseIterable, Sendable {
    case unreadable = 400
    case notSignedIn = 401
    case noCredits = 402
    case notAllowed = 403
    case notFound = 404
    case conflict = 409
    case tooLarge = 413
    case unsupportedType = 415
    case invalid = 422
    case tooMany = 429
    case polarUnavailable = 502
    case unavailable = 503
    case polarTimeout = 504

    var answer: Answer {
        var answer = Answer.problem(rawValue, about)
        switch self {
        case .tooMany, .unavailable: answer.headers = [("Retry-After", ["schema": ["type": "integer"]])]
        case .unreadable, .notSignedIn, .noCredits, .notAllowed, .notFound, .conflict, .tooLarge, .unsupportedType,
            .invalid, .polarUnavailable, .polarTimeout:
            break
        }
        return answer
    }

    private var about: String {
        switch self {
        case .unreadable: "The request could not be read"
        case .notSignedIn: "Nobody is signed in"
        case .noCredits: "There are not enough credits: `balance`, `required`, `buy_url`"
        case .notAllowed: "Not for this caller, or asked for by another site"
        case .notFound: "There is nothing here, or it is another user's"
        case .conflict: "It does not fit the state of things; nothing was changed"
        case .tooLarge: "The body is too large, or the caller's images need more room than there is"
        case .unsupportedType: "This type is not taken, or the content is not what its type says"
        case .invalid: "A field, a parameter or the picture is not valid"
        case .tooMany: "Too many at once; `Retry-After` says when"
        case .polarUnavailable: "Polar is not available; nothing was charged"
        case .unavailable:
            "Try again later; nothing was changed (`polar_busy`: too many wait for Polar). `Retry-After` says when, "
                + "if that is known"
        case .polarTimeout: "Polar did not answer in time; nothing was charged"
        }
    }
}

extension Component {
    static let problem: Component = {
        // Any one shows the members that all have.
        let members = Problem.notFound.json(requestID: "").members ?? []
        return taking(
            "Problem",
            members.map { member in
                let schema = member.value.integer == nil ? Kind<String>.text.schema : Kind<Int64>.whole.schema
                return (member.name, schema.described(member.name == "code" ? "The stable name to switch on" : nil))
            },
            about: "RFC 9457 problem details. Some carry further members: `errors`, `balance`, `required`, `buy_url`, "
                + "`limit_bytes`, `reason`, `current`.")
    }()

    /// An object whose members all have to be there.
    static func taking(_ name: String, _ members: [(String, JSON)], about: String? = nil) -> Component {
        Component(name, .taking(members, required: members.map(\.0)).described(about))
    }
}

extension JSON {
    static func taking(_ members: [(String, JSON)], required: [String] = []) -> JSON {
        var schema: [Member] = [
            Member("type", "object"), Member("properties", .object(members.map { Member($0.0, $0.1) })),
        ]
        if !required.isEmpty { schema.append(Member("required", .array(required.map(JSON.string)))) }
        return .object(schema)
    }
}
