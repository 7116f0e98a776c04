public import JSON

/// The description of everything that programs may ask for, as `/openapi.json` has it.
///
/// Source: https://spec.openapis.org/oas/v3.1.0
public enum Description {
    public static var json: JSON { json(of: Route.Program.allCases.flatMap(\.routes)) }

    static func json(of routes: [Route]) -> JSON {
        [
            "openapi": "3.1.0", "info": info, "servers": [["url": "/"]],
            "security": [["bearer": []], ["session": []]],
            "tags": .array(
                Operation.Tag.allCases.map { ["name": .string($0.rawValue), "description": .string($0.about)] }),
            "paths": paths(routes),
            "components": [
                "securitySchemes": securitySchemes,
                "responses": .object(
                    Refusal.allCases.map { JSON.Member(String($0.rawValue), $0.answer.json) }),
                "schemas": schemas(routes),
            ],
        ]
    }

    private static let info: JSON = [
        "title": "Polar Credits", "version": "1", "summary": "Paid credits for image generations",
        "description": .string(
            "JSON in snake_case, times in UTC (RFC 3339), whole credits, money in minor units. Lists are "
                + "`{items, next_cursor}`. Errors are RFC 9457 problems."),
        "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
    ]

    private static let securitySchemes: JSON = [
        "bearer": ["type": "http", "scheme": "bearer", "bearerFormat": "JWT"],
        "session": [
            "type": "apiKey", "in": "cookie", "name": "__session",
            "description": "Set by /auth/login; changes need our own Origin",
        ],
    ]

    /// The methods of an address stand together, in the order of their first.
    private static func paths(_ routes: [Route]) -> JSON {
        var paths: [(path: String, methods: [JSON.Member])] = []
        for route in routes {
            guard let method = route.method, let operation = route.operation else { continue }
            let member = JSON.Member(method.rawValue.lowercased(), operation.json(of: route))
            if let place = paths.firstIndex(where: { $0.path == route.describedPath }) {
                paths[place].methods.append(member)
            } else {
                paths.append((route.describedPath, [member]))
            }
        }
        return .object(paths.map { JSON.Member($0.path, .object($0.methods)) })
    }

    /// Each once, before what refers to it.
    private static func schemas(_ routes: [Route]) -> JSON {
        var found: [JSON.Member] = []
        func add(_ component: Component) {
            component.uses.forEach(add)
            guard let same = found.first(where: { $0.name == component.name }) else {
                return found.append(JSON.Member(component.name, component.schema))
            }
            precondition(same.value == component.schema, "Two schemas are called \(component.name)")
        }
        add(.problem)
        for operation in routes.compactMap(\.operation) {
            operation.answers.flatMap(\.uses).forEach(add)
            operation.body?.uses.forEach(add)
        }
        return .object(found)
    }
}

extension Route {
    /// The description has no word for a name that may hold slashes.
    var describedPath: String { path.split(separator: "*", omittingEmptySubsequences: false).joined() }
}

extension Operation {
    fileprivate func json(of route: Route) -> JSON {
        var members: [JSON.Member] = [
            .init("operationId", .string(route.name)), .init("summary", .string(summary)),
            .init("tags", [.string(tag.rawValue)]),
        ]
        switch route.audience {
        case .user, .admin: break
        case .anybody, .signer, .machine, .nginx: members.append(.init("security", []))
        }
        if !parameters.isEmpty { members.append(.init("parameters", .array(parameters.map(\.json)))) }
        if let body { members.append(.init("requestBody", body.json)) }
        let responses =
            answers.map { JSON.Member(String($0.status), $0.json) }
            + refusals.map { refusal in
                JSON.Member(
                    String(refusal.rawValue), ["$ref": .string("#/components/responses/\(refusal.rawValue)")])
            }
        members.append(.init("responses", .object(responses)))
        return .object(members)
    }
}

extension Operation.Tag {
    fileprivate var about: String {
        switch self {
        case .user: "What a signed-in user can do"
        case .admin: "For admins alone; everybody else is answered 403"
        case .polar: "For Polar"
        case .issuer: "For the OpenID Connect issuer"
        }
    }
}

extension Parameter {
    fileprivate var json: JSON {
        [
            "name": .string(name), "in": .string(place.rawValue), "required": .bool(isRequired), "schema": schema,
            "description": .string(about),
        ]
    }
}

extension Body {
    fileprivate var json: JSON {
        [
            "required": .bool(isRequired),
            "content": .object(contents.map { JSON.Member($0.type, ["schema": $0.schema]) }),
        ]
    }
}

extension Answer {
    fileprivate var json: JSON {
        var members = [JSON.Member("description", .string(about))]
        if !headers.isEmpty {
            members.append(.init("headers", .object(headers.map { JSON.Member($0.name, $0.header) })))
        }
        if !contents.isEmpty {
            let contents = contents.map { content in
                JSON.Member(content.type, content.schema.map { ["schema": $0] } ?? .object([]))
            }
            members.append(.init("content", .object(contents)))
        }
        return .object(members)
    }
}
