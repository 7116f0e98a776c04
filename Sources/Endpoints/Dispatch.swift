internal import HTTP
internal import Interface

/// Finds who answers a request, by the table of routes and by nothing else.
struct Dispatch<Handler: Sendable>: Sendable {
    private let addresses: [Address]

    enum Found {
        /// - Parameter segment: what stands in the hole of the path; empty if it has none.
        case handler(Route, Handler, segment: String)
        /// The address is there, and takes these.
        case otherMethods([Request.Method])
        case nothing
    }

    /// - Parameters:
    ///   - table: the first path that matches counts.
    ///   - handlers: who answers which route, by its name: each has one, and there are no others.
    init(_ table: [Route], _ handlers: [String: Handler]) {
        let unknown = Set(handlers.keys).symmetricDifference(table.map(\.name))
        precondition(unknown.isEmpty, "Routes and handlers differ: \(unknown.sorted())")
        var addresses: [Address] = []
        for route in table {
            guard let handler = handlers[route.name] else { continue }
            if let place = addresses.firstIndex(where: { $0.path.text == route.path }) {
                addresses[place].routes.append((route, handler))
            } else {
                addresses.append(Address(path: PathPattern(route.path), routes: [(route, handler)]))
            }
        }
        self.addresses = addresses
    }

    func find(_ request: Request) -> Found {
        for address in addresses {
            guard let segment = address.path.match(request.path) else { continue }
            // HEAD is GET whose body nginx leaves out.
            let method = request.method == .head ? .get : request.method
            let found = address.routes.first { route, _ in
                route.method.map { Request.Method($0) == method } ?? true
            }
            guard let found else {
                return .otherMethods(address.routes.compactMap { $0.0.method.map(Request.Method.init) })
            }
            return .handler(found.0, found.1, segment: segment)
        }
        return .nothing
    }

    private struct Address: Sendable {
        let path: PathPattern
        var routes: [(Route, Handler)]
    }
}

/// A path with at most one hole: `{name}` is one segment; `{name*}` is one or more of them, for a name that may hold slashes.
struct PathPattern: Sendable {
    let text: String
    private let prefix: [UInt8]
    /// `nil` without a hole.
    private let suffix: [UInt8]?
    private let holdsSlashes: Bool

    init(_ text: String) {
        self.text = text
        let opening = text.firstIndex(of: "{")
        let closing = text.firstIndex(of: "}")
        prefix = Array(text[..<(opening ?? text.endIndex)].utf8)
        suffix = closing.map { Array(text[text.index(after: $0)...].utf8) }
        holdsSlashes = text.contains("*}")
    }

    /// The segment in the hole, empty if there is none; `nil` if it is another path.
    func match(_ given: String) -> String? {
        let given = given.utf8
        guard let suffix else { return given.elementsEqual(prefix) ? "" : nil }
        guard given.starts(with: prefix), given.suffix(suffix.count).elementsEqual(suffix),
            given.count > prefix.count + suffix.count
        else { return nil }
        let segment = given.dropFirst(prefix.count).dropLast(suffix.count)
        return segment.contains(UInt8(ascii: "/")) && !holdsSlashes ? nil : String(Substring(segment))
    }
}

extension Request.Method {
    init(_ method: Route.Method) { self.init(rawValue: method.rawValue) }
}

extension Route.Program {
    /// The addresses of those who want to know if anything hangs.
    func isUrgent(_ path: String) -> Bool { routes.contains { $0.isUrgent && $0.path.utf8.elementsEqual(path.utf8) } }
}
