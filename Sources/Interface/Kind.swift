package import Core
internal import JSON

/// How values of one type stand on the wire, with the schema that says so: neither can change without the other.
///
/// Source of the schemas' words: https://json-schema.org/draft/2020-12
package struct Kind<Value>: Sendable {
    let schema: JSON
    let json: @Sendable (Value) -> JSON
    /// What stands in a table, where that is not what stands in JSON.
    let cell: @Sendable (Value) -> JSON
    /// What the schema refers to.
    let uses: [Component]

    init(
        _ schema: JSON, cell: (@Sendable (Value) -> JSON)? = nil, uses: [Component] = [],
        json: @escaping @Sendable (Value) -> JSON
    ) {
        self.schema = schema
        self.json = json
        self.cell = cell ?? json
        self.uses = uses
    }

    /// The same, or nothing.
    var nullable: Kind<Value?> {
        let (json, cell) = (json, cell)
        return Kind<Value?>(schema.orNull, cell: { $0.map(cell) ?? .null }, uses: uses) { $0.map(json) ?? .null }
    }
}

extension Kind where Value == String {
    package static var text: Kind { Kind(["type": "string"]) { .string($0) } }
    static var address: Kind { Kind(["type": "string", "format": "uri"]) { .string($0) } }
    /// ISO 4217, lower case.
    static var currency: Kind {
        Kind(["type": "string", "pattern": "^[a-z]{3}$", "description": "ISO 4217, lower case"]) { .string($0) }
    }

    /// The raw value of one of these.
    static func word<Word: RawRepresentable<String> & CaseIterable>(of _: Word.Type) -> Kind {
        Kind(["enum": .words(of: Word.self)]) { .string($0) }
    }

    static func always(_ text: String) -> Kind { Kind(["const": .string(text)]) { .string($0) } }
}

extension Kind where Value: RawRepresentable<String> & CaseIterable & SendableMetatype {
    package static var word: Kind { Kind(["enum": .words(of: Value.self)]) { .string($0.rawValue) } }

    /// One of them, and no other ever.
    static func always(_ word: Value) -> Kind { Kind(["const": .string(word.rawValue)]) { .string($0.rawValue) } }
}

extension Kind where Value == Bool {
    static var flag: Kind { Kind(["type": "boolean"], cell: { .integer($0 ? 1 : 0) }) { .bool($0) } }
}

extension Kind where Value == Int64 {
    package static var whole: Kind { Kind(["type": "integer"]) { .integer($0) } }
    static func whole(from least: Int64) -> Kind {
        Kind(["type": "integer", "minimum": .integer(least)]) { .integer($0) }
    }
    static func whole(in bounds: ClosedRange<Int64>) -> Kind {
        Kind(
            ["type": "integer", "minimum": .integer(bounds.lowerBound), "maximum": .integer(bounds.upperBound)]
        ) { .integer($0) }
    }
    /// Money in the smallest unit of its currency.
    static var cents: Kind {
        Kind(["type": "integer", "description": "Minor units of `currency`"]) { .integer($0) }
    }
    /// A number that names something: no program should compute with it, and some would round it.
    static var serial: Kind {
        Kind(["type": "string", "pattern": "^[0-9]+$"], cell: { .integer($0) }) { .string(String($0)) }
    }
}

extension Kind where Value == Credits {
    static var credits: Kind { Kind(["type": "integer", "minimum": 0]) { .integer($0.rawValue) } }
    /// Above zero adds, below zero takes.
    static var change: Kind { Kind(["type": "integer"]) { .integer($0.rawValue) } }
    static var movement: Kind { Kind(["type": "integer", "not": ["const": 0]]) { .integer($0.rawValue) } }
}

extension Kind where Value == Instant {
    static var time: Kind { Kind(["type": "string", "format": "date-time"]) { .string($0.rfc3339) } }
}

extension Kind where Value == UserID {
    package static var user: Kind {
        Kind(["type": "string", "minLength": 1, "maxLength": 255, "description": "The issuer's `sub`"]) {
            .string($0.text)
        }
    }
}

extension Kind where Value == BlobID {
    static var blob: Kind { Kind(["type": "string", "pattern": "^[0-9a-f]{64}$"]) { .string($0.text) } }
}

extension Kind {
    package static func id<Subject>() -> Kind where Value == Identifier<Subject> {
        Kind(["type": "string", "format": "uuid"]) { .string($0.text) }
    }

    /// An object that the description names.
    static func shape(_ shape: Shape<Value>) -> Kind {
        Kind(shape.component.reference, uses: [shape.component], json: shape.json)
    }

    /// An object that is described where it stands.
    static func part(_ shape: Shape<Value>) -> Kind {
        Kind(shape.schema, uses: shape.component.uses, json: shape.json)
    }

    static func list<Element>(of shape: Shape<Element>) -> Kind where Value == [Element] {
        Kind(["type": "array", "items": shape.component.reference], uses: [shape.component]) {
            .array($0.map(shape.json))
        }
    }
}

extension JSON {
    static func words<Word: RawRepresentable<String> & CaseIterable>(of _: Word.Type) -> JSON {
        .array(Word.allCases.map { .string($0.rawValue) })
    }

    /// A schema that takes `null` besides.
    fileprivate var orNull: JSON {
        if let words = self["enum"]?.array { return replacing("enum", with: .array(words + [.null])) }
        guard let type = self["type"], type != "object" else { return ["oneOf": [["type": "null"], self]] }
        return replacing("type", with: [type, "null"])
    }

    func replacing(_ name: String, with value: JSON) -> JSON {
        let others = members ?? []
        guard others.contains(where: { $0.name == name }) else { return .object(others + [Member(name, value)]) }
        return .object(others.map { $0.name == name ? Member(name, value) : $0 })
    }

    func described(_ about: String?) -> JSON {
        about.map { replacing("description", with: .string($0)) } ?? self
    }
}
