public import Core
private import Pages

/// Shows pages as their sources are now, if the settings say where those are.
///
/// - Parameter text: of the file at a path; `nil` if it cannot be read.
public func followSources(_ settings: ServingSettings, text: @escaping @Sendable (_ path: String) -> String?) {
    guard let root = settings.sources else { return }
    LiveSources.follow { path in text("\(root)/\(path)").map { Array($0.utf8) } }
}
