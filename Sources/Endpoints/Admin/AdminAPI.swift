internal import Core
internal import HTTP
internal import JSON

/// The addresses under `/api/v1/admin`.
enum AdminAPI {
    static func routes(_ dependencies: AdminDependencies) -> [Routes.Route] {
        let settings = SettingsAPI(dependencies)
        return [
            .init("/api/v1/admin/settings", [(.get, settings.show), (.put, settings.change)])
        ]
    }
}

extension Request {
    /// The body as a JSON object.
    func object() throws(RequestError) -> JSON {
        guard let json = try? JSON(body), json.members != nil else {
            throw .malformed("The body is not a JSON object.")
        }
        return json
    }
}
