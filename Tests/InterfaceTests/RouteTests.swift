import JSON
import TestSupport
import Testing

@testable import Interface

/// Routes, description and nginx say the same, whichever of them is asked.
@Suite struct RouteTests {
    private static let table = Route.Program.allCases.flatMap { program in
        program.routes.map { (program: program.rawValue, route: $0) }
    }
    private static var routes: [Route] { table.map(\.route) }

    @Test func everyRouteHasANameOfItsOwn() {
        #expect(Set(Self.routes.map(\.name)).count == Self.routes.count)
        #expect(Set(Self.routes.map { "\($0.method?.rawValue ?? "") \($0.path)" }).count == Self.routes.count)
    }

    // MARK: Routes and nginx

    @Test func nginxLeadsToEveryRouteAndNowhereElse() throws {
        #expect(Disagreement.all(Self.table, try Location.all()) == [])
    }

    @Test(arguments: [
        ("GET /secret", Route.page("secret", "/secret")), ("POST /admin", .form("secret", "/admin")),
        ("GET /buy", .page("secret", "/buy", .admin)), ("any /auth/secret", .asked("secret", "/auth/secret")),
        ("GET /account", .machine("secret", "/account")),
    ])
    func aRouteThatNginxDoesNotKnowSoIsSeen(_ name: String, _ route: Route) throws {
        let found = Disagreement.all(Self.table + [("checkout", route)], try Location.all())
        #expect(found.count == 1 && found[0].contains(name), "\(found)")
    }

    @Test(arguments: Route.Program.allCases)
    func aLocationBehindWhichNobodyAnswersIsSeen(_ program: Route.Program) throws {
        let locations = try Location.all()
        for route in program.routes where !route.hollow.contains("{}") || program == .generations {
            let without = Self.table.filter { $0.route.path != route.path }
            let isBelow = route.path.hasPrefix("/admin/") || route.path.hasPrefix("/api/v1/admin/")
            #expect(Disagreement.all(without, locations).isEmpty == isBelow, "without \(route.path)")
        }
    }

    @Test func everyLocationIsRead() throws {
        let locations = try Location.all()
        let text =
            try Places.text(of: "\(Places.repository)/nginx.conf")
            + Places.text(of: "\(Places.repository)/deploy/nginx/internal.conf")
        #expect(locations.count == text.matches(of: #/(?:^|\n)\s*location /#).count)
        #expect(locations.count { $0.program != nil } > 30)
    }

    // MARK: Routes and the description

    @Test func theDescriptionNamesWhatProgramsAskForAndNothingElse() {
        #expect(Self.undescribed(Self.routes) == [])
        let described = (Description.json["paths"]?.members ?? []).flatMap { path in
            (path.value.members ?? []).map { "\($0.name.uppercased()) \(path.name)" }
        }
        let routes = Self.routes.filter { $0.operation != nil }
            .map { "\($0.method?.rawValue ?? "") \($0.describedPath)" }
        #expect(described.sorted() == routes.sorted())
        #expect(routes.count == 29)
    }

    @Test func anUndescribedRouteIsSeen() {
        let secret = Route.page("secret", "/api/v1/secret")
        #expect(Self.undescribed(Self.routes + [secret]) == ["/api/v1/secret"])
        #expect(Self.undescribed(Self.routes + [.page("odd", "/odd")]) == [])
    }

    /// Whatever is below `/api`, and what others sign.
    private static func undescribed(_ routes: [Route]) -> [String] {
        routes.filter { ($0.path.hasPrefix("/api/") || $0.audience == .signer) != ($0.operation != nil) }.map(\.path)
    }

    @Test func theHoleOfAPathIsDescribed() throws {
        for (path, methods) in try #require(Description.json["paths"]?.members).map({ ($0.name, $0.value) }) {
            for method in methods.members ?? [] {
                let holes = (method.value["parameters"]?.array ?? []).filter { $0["in"] == "path" }
                    .compactMap { $0["name"]?.string }
                #expect(holes == path.matches(of: /\{([^}]*)\}/).map { String($0.1) }, "\(method.name) \(path)")
            }
        }
    }

    @Test func whatIsReferredToIsThere() throws {
        let json = Description.json
        let references = json.text.matches(of: /"\$ref":"#\/components\/([a-z]+)\/([A-Za-z0-9]+)"/)
        #expect(references.count > 100)
        for found in references {
            #expect(json["components"]?[String(found.1)]?[String(found.2)] != nil, "\(found.0)")
        }
        let named = json["components"]?["schemas"]?.members?.map(\.name) ?? []
        #expect(Set(named).subtracting(references.map { String($0.2) }) == [], "a schema that nobody refers to")
    }
}
