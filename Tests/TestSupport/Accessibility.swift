import JSON

/// axe-core, the rules that accessibility checkers agree on, from PyPI: fetched once into the build directory.
///
/// Source: https://github.com/dequelabs/axe-core
public enum Accessibility {
    private static let script: Result<String, any Error> = Result {
        try Places.text(
            of: PyPI.fetched("axe-playwright-python==0.1.8", into: "axe") + "/axe_playwright_python/axe.min.js")
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
