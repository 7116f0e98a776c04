import HTTP
import Interface
import JSON
import Testing

@testable import Endpoints

/// A handler is found by the table of routes, and by nothing else.
@Suite struct DispatchTests {
    private static let names = Route.Program.auth.routes.map(\.name)
    private static let dispatch = Dispatch(
        Route.Program.auth.routes, Dictionary(uniqueKeysWithValues: names.map { ($0, $0) }))

    @Test(arguments: [
        (Request.Method.get, "/auth/login", "beginLogin"), (.head, "/auth/login", "beginLogin"),
        (.get, "/auth/logout", "offerLogout"), (.post, "/auth/logout", "logOut"),
        (Request.Method(rawValue: "PATCH"), "/auth/check", "check"), (.post, "/auth/required/admin", "requiredAdmin"),
    ])
    func theTableSaysWho(_ method: Request.Method, _ path: String, _ name: String) {
        guard case .handler(let route, let handler, "") = Self.dispatch.find(Request(method: method, path: path)) else {
            Issue.record("nobody answers \(path)")
            return
        }
        #expect(handler == name && route.name == name)
    }

    @Test func whatIsNoRouteIsNothing() {
        guard case .nothing = Self.dispatch.find(Request(method: .get, path: "/auth/logout/")),
            case .otherMethods([.get, .post]) = Self.dispatch.find(Request(method: .put, path: "/auth/logout"))
        else {
            Issue.record("an address is taken for another")
            return
        }
    }

    /// A route that nobody answers, or an answer that is no route, is seen when the program starts.
    @Test func aTableThatIsNotAnsweredStartsNothing() async {
        await #expect(processExitsWith: .failure) {
            _ = Dispatch(Route.Program.polarOrders.routes, ["receiveOrder": 1, "secret": 2])
        }
        await #expect(processExitsWith: .failure) { _ = Dispatch(Route.Program.polarOrders.routes, [String: Int]()) }
        await #expect(processExitsWith: .success) {
            _ = Dispatch(Route.Program.polarOrders.routes, ["receiveOrder": 1])
        }
    }

    @Test func whoMayIsAskedBeforeTheHandler() throws {
        let office = try AdminOffice()
        for route in Route.Program.admin.routes {
            guard let method = route.method, route.audience == .admin else { continue }
            let path = route.path.replacing(/\{[^}]*\}/, with: "x")
            #expect(office.send(Request.Method(method), path, as: nil).status == .unauthorized, "\(path)")
            #expect(office.send(Request.Method(method), path, as: "ada").status == .forbidden, "\(path)")
        }
    }

    @Test func aFormWithoutTheTokenOfItsSessionReachesNobody() throws {
        let office = try AdminOffice()
        let forms = Route.Program.admin.routes.filter { $0.form == .fields }
        #expect(forms.count == 5)
        for route in forms {
            let response = office.send(
                .post, route.path.replacing(/\{[^}]*\}/, with: "x"),
                headers: ["content-type": "application/x-www-form-urlencoded"], body: "form_token=other",
                credential: .cookie(formToken: "mine"))
            #expect(response.status == .forbidden && response.json["code"] == "foreign_form", "\(route.path)")
        }
    }
}
