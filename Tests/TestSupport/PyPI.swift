import Foundation

/// What tests use of PyPI: fetched once into the build directory.
enum PyPI {
    /// The directory that holds the package's files.
    static func fetched(_ package: String, into name: String) throws -> String {
        let folder = "\(Places.products)/\(name)"
        if !FileManager.default.fileExists(atPath: "\(folder)/packages") {
            let environment = ProcessInfo.processInfo.environment
            for arguments in [
                ["python3", "-m", "venv", folder],
                ["\(folder)/bin/pip", "install", "--quiet", "--no-deps", "--target", "\(folder)/new", package],
            ] {
                let ended = try Program("/usr/bin/env").run(
                    arguments, environment: environment, within: .seconds(180))
                guard ended.status == 0 else { throw NeverCame(description: ended.errors) }
            }
            try FileManager.default.moveItem(atPath: "\(folder)/new", toPath: "\(folder)/packages")
        }
        return "\(folder)/packages"
    }
}
