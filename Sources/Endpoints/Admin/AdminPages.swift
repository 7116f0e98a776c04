internal import Core
internal import HTTP

/// The pages under `/admin`.
enum AdminPages {
    static func routes(_ dependencies: AdminDependencies) -> [Routes.Route] { [] }
}
