import TestSupport

@testable import Interface

/// An address as nginx has it, with what it includes.
struct Location {
    /// `=`, `~`, or empty for the beginning of an address.
    let kind: String
    let pattern: String
    private let directives: [[String]]

    /// Everything in `nginx.conf`, `deploy/nginx` read in where it is included.
    static func all() throws -> [Location] {
        let words = try words(of: Places.text(of: "\(Places.repository)/nginx.conf"))
        return try found(in: words)
    }

    private static func found(in words: [String]) throws -> [Location] {
        var found: [Location] = []
        var rest = words[...]
        while let word = rest.popFirst() {
            if word == "include", let name = rest.first, let text = try included(name) {
                rest = self.words(of: text) + rest.dropFirst(2)
            } else if word == "location" {
                let head = rest.prefix { $0 != "{" }
                rest = rest.dropFirst(head.count + 1)
                let body = rest.prefix { $0 != "}" }
                rest = rest.dropFirst(body.count + 1)
                found.append(
                    Location(
                        kind: head.count == 2 ? head.first ?? "" : "", pattern: head.last ?? "",
                        directives: try directives(in: Array(body))))
            }
        }
        return found
    }

    private static func directives(in words: [String]) throws -> [[String]] {
        try words.split(separator: ";").map(Array.init).flatMap { words -> [[String]] in
            guard words.first == "include", let text = try included(words[1]) else { return [words] }
            return try directives(in: Self.words(of: text))
        }
    }

    /// What differs between installations says nothing about addresses.
    private static func included(_ name: String) throws -> String? {
        guard name.hasPrefix("credits/") else { return nil }
        return try Places.text(of: "\(Places.repository)/deploy/nginx/\(name.dropFirst("credits/".count))")
    }

    private static func words(of text: String) -> [String] {
        text.matches(of: /#[^\n]*|"([^"]*)"|'([^']*)'|([{};])|((?:[^\s;{}"']|\{[0-9,]+\})+)/).compactMap { found in
            (found.1 ?? found.2 ?? found.3 ?? found.4).map(String.init)
        }
    }

    func values(of name: String) -> [[String]] { directives.filter { $0.first == name }.map { Array($0.dropFirst()) } }

    var program: String? { values(of: "fastcgi_pass").first?.first }
    var isInternal: Bool { pattern.hasPrefix("@") || !values(of: "internal").isEmpty }
    /// What the program is told in place of the address.
    var askedAddress: String? {
        values(of: "fastcgi_param").first { $0.first == "DOCUMENT_URI" }?.last.flatMap { $0.hasPrefix("$") ? nil : $0 }
    }

    /// Whom it lets in.
    var audiences: [Route.Audience] {
        if isInternal { return [.nginx] }
        if values(of: "deny").contains(["all"]) { return [.machine] }
        switch values(of: "auth_request").first?.first {
        case "/_auth": return [.user]
        case "/_auth_admin": return [.admin]
        case nil: return [.anybody, .signer]
        case _: return []
        }
    }

    /// The paths that it takes, each hole as `{}`; `nil` where it takes whatever begins so.
    var paths: [String]? {
        switch kind {
        case "=": return [pattern]
        case "~":
            let text = pattern.drop { $0 == "^" }.replacing("[^/]+", with: "{}").replacing("$", with: "")
            guard let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")") else {
                return [String(text)]
            }
            return text[text.index(after: open)..<close].split(separator: "|").map {
                String(text[..<open] + $0 + text[text.index(after: close)...])
            }
        case _: return nil
        }
    }

    /// How well it fits a path: what is exact wins, then what is a pattern, then what begins longest.
    func fit(_ path: String) -> Int? {
        switch kind {
        case "=": path == pattern ? 1_000_001 : nil
        case "~": (try? Regex(pattern)).map { path.contains($0) ? 1_000_000 : nil } ?? nil
        case _: path.hasPrefix(pattern) ? pattern.count : nil
        }
    }
}

/// Where the table of routes and nginx's locations do not say the same, each in a sentence.
enum Disagreement {
    static func all(_ table: [(program: String, route: Route)], _ locations: [Location]) -> [String] {
        table.compactMap { lost($0.route, of: $0.program, locations) } + locations.compactMap { unheard($0, table) }
    }

    /// A route that no request reaches, or that others reach than it is for.
    private static func lost(_ route: Route, of program: String, _ locations: [Location]) -> String? {
        let name = "\(route.method?.rawValue ?? "any") \(route.path)"
        guard route.audience != .nginx else {
            let isAsked = locations.contains { $0.isInternal && $0.program == program && $0.askedAddress == route.path }
            return isAsked ? nil : "nginx never asks \(name)"
        }
        let sample = route.hollow.replacing("{}", with: "x")
        let reached = locations.filter { !$0.pattern.hasPrefix("@") }
            .compactMap { location in location.fit(sample).map { (fit: $0, location) } }.max { $0.fit < $1.fit }
        guard let found = reached?.1, found.program == program else { return "nginx does not lead to \(name)" }
        return found.audiences.contains(route.audience) ? nil : "nginx lets others than \(route.audience) ask \(name)"
    }

    /// A location behind which nobody answers.
    private static func unheard(_ location: Location, _ table: [(program: String, route: Route)]) -> String? {
        let name = "location \(location.kind) \(location.pattern)"
        guard let program = location.program else {
            return own.contains(location.pattern) ? nil : "\(name) is neither a route nor a file"
        }
        let routes = table.filter { $0.program == program }.map(\.route)
        if location.isInternal {
            let isThere = routes.contains { $0.audience == .nginx && $0.path == location.askedAddress }
            return isThere ? nil : "\(name) asks what is no route"
        }
        guard let paths = location.paths else {
            return routes.contains { $0.path.hasPrefix(location.pattern) } ? nil : "\(name) leads nowhere"
        }
        let lost = paths.filter { path in !routes.contains { $0.hollow == (spelled[path] ?? path) } }
        return lost.isEmpty ? nil : "\(name) leads nowhere: \(lost)"
    }

    /// What nginx answers itself: files, and the way to what is meant.
    private static let own: Set = [
        "/_images/", "/admin/", "/openapi.json",
        #"^/static/(?<asset>[a-z0-9_-]+)\.[0-9a-f]{16}\.(?<extension>[a-z0-9]+)$"#,
        "/static/", "/", "/_error/json", "/_error/html",
    ]
    /// Polar follows no redirect: an endpoint that was entered with a slash works too.
    private static let spelled = ["/polar/orders/": "/polar/orders"]
}

extension Route {
    /// The path with its hole as `{}`.
    var hollow: String { path.replacing(/\{[^}]*\}/, with: "{}") }
}
