import Foundation
import JSON

/// axe-core, the rules that accessibility checkers agree on, from PyPI: fetched once into the build directory.
///
/// Source: https://github.com/dequelabs/axe-core
public enum Accessibility {
    private static let script: Result<String, any Error> = Result {
        let folder = "\(Places.products)/axe"
        let file = "\(folder)/lib/axe_playwright_python/axe.min.js"
        if !FileManager.default.fileExists(atPath: file) {
            let environment = ProcessInfo.processInfo.environment
            for arguments in [
                ["python3", "-m", "venv", folder],
                [
                    "\(folder)/bin/pip", "install", "--quiet", "--no-deps", "--target", "\(folder)/lib",
                    "axe-playwright-python==0.1.8",
                ],
            ] {
                let ended = try Program("/usr/bin/env").run(
                    arguments, environment: environment, within: .seconds(180))
                guard ended.status == 0 else { throw NeverCame(description: ended.errors) }
            }
        }
        return try Places.text(of: file)
    }

    /// What the page that the browser shows does wrong: the rule, and where.
    public static func faults(_ browser: Browser) throws -> [String] {
        try browser.run(script.get())
        let found = try browser.run(
            """
            return axe.run(document, { preload: false }).then(({ violations }) =>
                violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target}`)))
            """)
        return found.array?.compactMap(\.string) ?? ["axe did not answer"]
    }
}
