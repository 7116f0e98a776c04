private import Glibc

extension Subprocess {
    /// The path of a program: `name` itself if it holds a slash, otherwise the first of that name in `path`, a list
    /// with colons. `nil` if there is none that may be executed.
    public static func find(_ name: String, in path: String) -> String? {
        guard !name.isEmpty else { return nil }
        let places = name.contains("/") ? [name] : path.split(separator: ":").map { "\($0)/\(name)" }
        return places.first { place in
            var facts = stat()
            return unsafe stat(place, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG && access(place, X_OK) == 0
        }
    }
}
