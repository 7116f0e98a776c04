import Foundation
import TestSupport

/// `Package.swift` as the package manager understands it.
struct Manifest: Decodable {
    let targets: [Target]

    struct Target: Decodable {
        let name: String
        let type: String
        private let dependencyList: [Dependency]

        private enum CodingKeys: String, CodingKey {
            case name, type
            case dependencyList = "dependencies"
        }

        /// Of this package by their names, of others by the product's.
        var dependencies: Set<String> { Set(dependencyList.compactMap(\.name)) }
        var isOfTests: Bool { type == "test" || name == "TestSupport" }
    }

    private struct Dependency: Decodable {
        let byName: [String?]?
        let product: [String?]?
        var name: String? { (byName ?? product)?.first ?? nil }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            byName = try? container.decode([Lenient].self, forKey: .byName).map(\.text)
            product = try? container.decode([Lenient].self, forKey: .product).map(\.text)
        }

        private enum Key: String, CodingKey { case byName, product }
        /// Conditions stand in the same list as the name.
        private struct Lenient: Decodable {
            let text: String?
            init(from decoder: any Decoder) throws { text = try? decoder.singleValueContainer().decode(String.self) }
        }
    }

    /// Of a scratch folder of its own: the build's is locked while tests run.
    static func read() throws -> Manifest {
        let scratch = try TemporaryDirectory()
        let ended = try Program("/usr/bin/env").run(
            ["swift", "package", "--package-path", Places.repository, "--scratch-path", scratch.path, "dump-package"],
            environment: ProcessInfo.processInfo.environment)
        guard ended.status == 0 else { throw NeverCame(description: ended.errors) }
        return try JSONDecoder().decode(Manifest.self, from: Data(ended.output.utf8))
    }
}
