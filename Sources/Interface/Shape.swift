public import Core
public import JSON

/// What a kind of thing looks like from outside, said once: an object of the API, an answer of `creditctl --json`, a row of a
/// table, and the schema of all three.
public struct Shape<Value>: Sendable {
    public let name: String
    let about: String?
    let fields: [Field<Value>]

    /// - Parameter name: as the description calls it.
    package init(_ name: String, _ about: String? = nil, _ fields: [Field<Value>]) {
        self.name = name
        self.about = about
        self.fields = fields
    }

    public func json(_ value: Value) -> JSON { .object(fields.map { JSON.Member($0.name, $0.json(value)) }) }

    public var columns: [String] { fields.map(\.name) }

    /// What stands below ``columns``.
    public func cells(_ value: Value) -> [JSON] { fields.map { $0.cell(value) } }

    var schema: JSON {
        JSON.object([
            .init("type", "object"),
            .init("properties", .object(fields.map { JSON.Member($0.name, $0.schema) })),
            .init("required", .array(fields.map { .string($0.name) })),
        ]).described(about)
    }

    public var component: Component { Component(name, schema, uses: fields.flatMap(\.uses)) }

    /// A view of the same thing: some of its fields, in another order.
    func showing(_ names: String..., as name: String? = nil, _ about: String? = nil) -> Shape {
        Shape(
            name ?? self.name, about ?? self.about,
            names.map { name in
                guard let field = fields.first(where: { $0.name == name }) else {
                    preconditionFailure("\(self.name) has no field \(name)")
                }
                return field
            })
    }

    /// A view in which some fields say more than they do in general.
    func saying(_ narrower: Field<Value>...) -> Shape {
        Shape(name, about, fields.map { field in narrower.first { $0.name == field.name } ?? field })
    }

    func with(_ more: Field<Value>..., as name: String? = nil, _ about: String? = nil) -> Shape {
        Shape(name ?? self.name, about ?? self.about, fields + more)
    }

    /// The fields of a thing that holds this one.
    func fields<Holder>(in path: @escaping @Sendable (Holder) -> Value) -> [Field<Holder>] {
        fields.map { $0.inside(path) }
    }
}

/// One field of a shape.
package struct Field<Value>: Sendable {
    let name: String
    let schema: JSON
    let uses: [Component]
    let json: @Sendable (Value) -> JSON
    let cell: @Sendable (Value) -> JSON
}

extension Field {
    package init<Content>(
        _ name: String, _ kind: Kind<Content>, _ about: String? = nil,
        read: @escaping @Sendable (Value) -> Content
    ) {
        let (json, cell) = (kind.json, kind.cell)
        self.init(
            name: name, schema: kind.schema.described(about), uses: kind.uses, json: { json(read($0)) },
            cell: { cell(read($0)) })
    }

    /// A field that is always there and may hold `null`.
    package init<Content>(
        nullable name: String, _ kind: Kind<Content>, _ about: String? = nil,
        read: @escaping @Sendable (Value) -> Content?
    ) {
        self.init(name, kind.nullable, about, read: read)
    }

    func inside<Holder>(_ path: @escaping @Sendable (Holder) -> Value) -> Field<Holder> {
        let (json, cell) = (json, cell)
        return Field<Holder>(
            name: name, schema: schema, uses: uses, json: { json(path($0)) }, cell: { cell(path($0)) })
    }
}

/// A page of a list of things of one shape.
public struct ListShape<Item>: Sendable {
    public let item: Shape<Item>
    let name: String
    let about: String

    init(_ item: Shape<Item>, as name: String, _ about: String) {
        self.item = item
        self.name = name
        self.about = about
    }

    /// - Parameter next: what asks for the page after this one; `nil` on the last one.
    func json(_ items: [Item], next: String?) -> JSON {
        ["items": .array(items.map(item.json)), "next_cursor": .optional(next)]
    }

    public var component: Component {
        let cursor = Kind<String>.text.nullable.schema
            .described("Give it as `cursor` for the next page; null on the last one.")
        let schema: JSON = [
            "type": "object",
            "properties": [
                "items": ["type": "array", "items": item.component.reference], "next_cursor": cursor,
            ],
            "required": ["items", "next_cursor"],
        ]
        return Component(name, schema.described(about), uses: [item.component])
    }
}

/// A schema that the description names, with those that it refers to.
public struct Component: Sendable {
    let name: String
    let schema: JSON
    let uses: [Component]

    init(_ name: String, _ schema: JSON, uses: [Component] = []) {
        self.name = name
        self.schema = schema
        self.uses = uses
    }

    var reference: JSON { ["$ref": .string("#/components/schemas/\(name)")] }
}

extension ListShape where Item: Sendable {
    public func json(_ page: Page<Item>) -> JSON { json(page.items, next: page.nextCursor.map { String($0) }) }

    public func json(_ listing: Listing<Item>) -> JSON { json(listing.items, next: listing.next?.text) }
}
