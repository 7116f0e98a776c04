internal import HTTP
internal import JSON

/// Why the API says no: a rule of Polar's, or fields that are not as its schemas have them.
enum APIFailure: Error, Sendable {
    case refused(Refusal)
    case invalid([Field])

    /// One entry of pydantic's list.
    struct Field: Sendable {
        let type: String
        let location: [JSON]
        let message: String
        let input: JSON
    }

    var response: Response {
        switch self {
        case .refused(let refusal): Polar.failure(refusal)
        case .invalid(let fields):
            .json(
                .unprocessableContent,
                ["error": "RequestValidationError", "detail": .array(fields.map(\.json))])
        }
    }

    static let notFound = APIFailure.refused(.notFound())

    static func invalid(_ type: String, at location: [JSON], _ message: String, input: JSON) -> APIFailure {
        .invalid([Field(type: type, location: location, message: message, input: input)])
    }
}

extension APIFailure.Field {
    fileprivate var json: JSON {
        ["type": .string(type), "loc": .array(location), "msg": .string(message), "input": input]
    }
}

/// Reads the fields of a body, a path or a query, and gathers everything that is wrong with them.
struct Validator {
    let root: JSON
    let place: JSON
    private(set) var faults: [APIFailure.Field] = []

    /// The body as a JSON object.
    static func body(of request: Request) throws(APIFailure) -> Validator {
        let root: JSON
        do throws(JSONError) { root = try JSON(request.body) } catch {
            let offset = JSON.integer(Int64(error.offset))
            throw .invalid("json_invalid", at: ["body", offset], "JSON decode error", input: .object([]))
        }
        guard root.members != nil else {
            throw .invalid(
                "model_attributes_type", at: ["body"],
                "Input should be a valid dictionary or object to extract fields from", input: root)
        }
        return Validator(root: root, place: "body")
    }

    mutating func refuse(_ path: [JSON], _ type: String, _ message: String, input: JSON? = nil) {
        faults.append(.init(type: type, location: [place] + path, message: message, input: input ?? .null))
    }

    func finish() throws(APIFailure) {
        guard faults.isEmpty else { throw .invalid(faults) }
    }

    mutating func text(_ name: String, maximum: Int? = nil) -> String? {
        guard let value = root[name] else { return nil }
        guard let text = value.string else {
            refuse([.string(name)], "string_type", "Input should be a valid string", input: value)
            return nil
        }
        if let maximum, text.unicodeScalars.count > maximum {
            refuse(
                [.string(name)], "string_too_long", "String should have at most \(maximum) characters", input: value)
            return nil
        }
        return text
    }

    mutating func flag(_ name: String) -> Bool? {
        guard let value = root[name] else { return nil }
        guard let flag = value.bool else {
            refuse([.string(name)], "bool_parsing", "Input should be a valid boolean", input: value)
            return nil
        }
        return flag
    }

    mutating func uuid(_ name: String) -> String? {
        guard let text = text(name) else { return nil }
        guard isUUID(text) else {
            refuse([.string(name)], "uuid_parsing", "Input should be a valid UUID", input: .string(text))
            return nil
        }
        return text.lowercased()
    }

    mutating func requireField(_ name: String) {
        if root[name] == nil { refuse([.string(name)], "missing", "Field required", input: root) }
    }

    mutating func url(_ name: String) -> String? {
        guard let text = text(name) else { return nil }
        guard text.hasPrefix("https://") || text.hasPrefix("http://"), origin(of: text).utf8.count > 8 else {
            refuse([.string(name)], "url_parsing", "Input should be a valid URL, relative URL without a base")
            return nil
        }
        return text
    }

    /// Syntax, and whether mail could ever arrive: Polar asks the DNS, the simulator knows a few names that have none.
    ///
    /// Source: server/polar/kit/email.py of polarsource/polar
    mutating func email(_ name: String) -> String? {
        guard let text = text(name) else { return nil }
        switch Self.mailFault(text) {
        case nil: return text
        case let fault?:
            refuse(
                [.string(name)], "value_error", "value is not a valid email address: \(fault)", input: .string(text))
            return nil
        }
    }

    static func mailFault(_ text: String) -> String? {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return "An email address must have an @-sign." }
        guard !parts[0].isEmpty else { return "There must be something before the @-sign." }
        guard !text.contains(where: { $0.isWhitespace || "<>\",;:()[]\\".contains($0) }) else {
            return "The email address contains invalid characters."
        }
        let domain = parts[1].lowercased()
        let labels = domain.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count > 1, labels.allSatisfy({ !$0.isEmpty }) else {
            return "The part after the @-sign is not valid. It should have a period."
        }
        if ["invalid", "test", "local", "localhost", "onion", "arpa"].contains(labels.last) {
            return "The part after the @-sign is a special-use or reserved name that cannot be used with email."
        }
        if domain.contains("nonexistent") { return "The domain name \(domain) does not exist." }
        return nil
    }

    /// At most 50 keys of 1 to 40 characters; values are texts of 1 to 500 characters, numbers or booleans.
    ///
    /// Source: server/polar/kit/metadata.py:20-61 of polarsource/polar
    mutating func metadata(_ name: String) -> JSON {
        guard let value = root[name] else { return .object([]) }
        guard let members = value.members else {
            refuse([.string(name)], "dict_type", "Input should be a valid dictionary", input: value)
            return .object([])
        }
        if members.count > 50 {
            refuse([.string(name)], "too_long", "Dictionary should have at most 50 items after validation")
        }
        for member in members {
            let path: [JSON] = [.string(name), .string(member.name)]
            if !(1...40).contains(member.name.unicodeScalars.count) {
                refuse(path + ["[key]"], "string_too_long", "String should have at most 40 characters")
            }
            switch member.value {
            case .string(let text) where text.isEmpty:
                refuse(path + ["str"], "string_too_short", "String should have at least 1 character", input: "")
            case .string(let text) where text.unicodeScalars.count > 500:
                refuse(path + ["str"], "string_too_long", "String should have at most 500 characters")
            case .string, .integer, .decimal, .bool: break
            case .null, .array, .object:
                refuse(path + ["str"], "string_type", "Input should be a valid string", input: member.value)
            }
        }
        return value
    }
}
