internal import HTTP
internal import JSON

/// One page of a collection, and the filters that lead to it.
///
/// Source: server/polar/kit/pagination.py of polarsource/polar
struct Listing {
    private let form: Form
    private var validator = Validator(root: .object([]), place: "query")
    private var page: Int64 = 1
    private var limit: Int64 = 10

    init(_ request: Request) {
        form = request.parameters
        page = number("page", default: 1)
        limit = min(100, number("limit", default: 10))
    }

    private mutating func number(_ name: String, default standard: Int64) -> Int64 {
        guard let text = form[name] else { return standard }
        guard let number = Int64(text) else {
            validator.refuse(
                [.string(name)], "int_parsing", "Input should be a valid integer, unable to parse string as an integer",
                input: .string(text))
            return standard
        }
        guard number > 0 else {
            validator.refuse(
                [.string(name)], "greater_than", "Input should be greater than 0", input: .string(text))
            return standard
        }
        return number
    }

    /// Every value of a repeatable filter; `nil` without one: then it lets everything pass.
    func values(_ name: String) -> Set<String>? {
        let values = form.fields.filter { $0.name == name }.map(\.value)
        return values.isEmpty ? nil : Set(values)
    }

    mutating func uuids(_ name: String) -> Set<String>? {
        guard let values = values(name) else { return nil }
        for value in values where !isUUID(value) {
            validator.refuse(
                [.string(name)], "uuid_parsing", "Input should be a valid UUID", input: .string(value))
        }
        return Set(values.map { $0.lowercased() })
    }

    mutating func choices(_ name: String, among known: [String]) -> Set<String>? {
        guard let values = values(name) else { return nil }
        for value in values where !known.contains(value) {
            let list = known.map { "'\($0)'" }.joined(separator: ", ")
            validator.refuse([.string(name)], "enum", "Input should be \(list)", input: .string(value))
        }
        return values
    }

    mutating func flag(_ name: String) -> Bool? {
        guard let text = form[name] else { return nil }
        switch text.lowercased() {
        case "true", "1", "yes", "on": return true
        case "false", "0", "no", "off": return false
        case _:
            validator.refuse([.string(name)], "bool_parsing", "Input should be a valid boolean", input: .string(text))
            return nil
        }
    }

    mutating func moment(_ name: String) -> Moment? {
        guard let text = form[name] else { return nil }
        let moment = Moment(text)
        if moment == nil {
            validator.refuse(
                [.string(name)], "datetime_from_date_parsing", "Input should be a valid datetime", input: .string(text))
        }
        return moment
    }

    /// `metadata[key]=value`
    var metadata: [(name: String, value: String)] {
        form.fields.compactMap { field in
            guard field.name.hasPrefix("metadata["), field.name.hasSuffix("]") else { return nil }
            return (String(field.name.dropFirst("metadata[".count).dropLast()), field.value)
        }
    }

    /// By which property, and whether downwards.
    mutating func sorting(_ known: [String]) -> [(name: String, isDescending: Bool)] {
        let given = form.fields.filter { $0.name == "sorting" }.map(\.value)
        return (given.isEmpty ? ["-created_at"] : given).map { text in
            let isDescending = text.hasPrefix("-")
            let name = isDescending ? String(text.dropFirst()) : text
            if !known.contains(name) {
                validator.refuse(
                    ["sorting"], "enum", "Input should be one of the sorting criteria", input: .string(text))
            }
            return (name, isDescending)
        }
    }

    /// The answer with the asked page of `all`.
    func page<Value>(of all: [Value], _ json: (Value) -> JSON) throws(APIFailure) -> Response {
        try validator.finish()
        let (start, isFar) = (page - 1).multipliedReportingOverflow(by: limit)
        let items = isFar ? [] : all.dropFirst(Int(start)).prefix(Int(limit)).map(json)
        // Polar counts in the rows that it found: beyond the end there are none.
        let count = items.isEmpty ? 0 : Int64(all.count)
        return .json(
            .ok,
            [
                "items": .array(items),
                "pagination": [
                    "total_count": .integer(count), "max_page": .integer((count + limit - 1) / limit),
                ],
            ])
    }
}

extension Set<String>? {
    /// Whether the filter lets a value pass.
    func allows(_ value: @autoclosure () -> String?) -> Bool {
        guard let self else { return true }
        return value().map { self.contains($0) } ?? false
    }
}
