import Foundation
import HTTPClient
public import JSON

/// Headless Chromium, driven over the WebDriver protocol. It ends with its last reference.
///
/// Source: https://www.w3.org/TR/webdriver2/
public final class Browser: Sendable {
    private let holder: Holder
    private let session: String
    private let client = HTTPClient(totalTimeout: .seconds(60), maximumResponseBytes: 32 << 20)

    /// How long a look for an element waits for it.
    private static let patienceMilliseconds: Int64 = 10_000

    public init() throws {
        let profile = try Places.temporaryDirectory()
        let environment = ["PATH": "/usr/bin:/bin", "HOME": profile, "TMPDIR": profile, "LANG": "C.UTF-8"]
        holder = try Holder(Self.script, "browser", environment: environment)
        let port = try eventually("chromedriver names its port") {
            let said = try? Places.text(of: "\(profile)/driver.log")
            return said?.firstMatch(of: /started successfully on port (\d+)/).map { String($0.1) }
        }
        let root = "http://127.0.0.1:\(port)/session"
        let answer = try Self.call(client, "POST", root, Self.capabilities(profile: profile))
        guard let id = answer["sessionId"]?.string else { throw BrowserError(description: "No session") }
        session = "\(root)/\(id)"
    }

    deinit { _ = try? Self.call(client, "DELETE", session, nil) }

    /// The browser is in the driver's process group.
    private static let script = """
        setsid chromedriver --port=0 </dev/null >"$HOME/driver.log" 2>&1 &
        exec 1>&- 2>&-
        read -r
        kill -KILL -- "$!" "-$!"
        wait
        for _ in 1 2 3 4 5 6 7 8 9; do rm -rf "$HOME" && break; sleep 0.1; done
        """

    private static func capabilities(profile: String) -> JSON {
        let arguments: [JSON] = [
            "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--no-proxy-server",
            .string("--user-data-dir=\(profile)/profile"),
        ]
        return [
            "capabilities": [
                "alwaysMatch": [
                    "browserName": "chrome",
                    "timeouts": ["implicit": .integer(patienceMilliseconds)],
                    "goog:chromeOptions": ["args": .array(arguments)],
                    "goog:loggingPrefs": ["browser": "ALL"],
                ]
            ]
        ]
    }

    private static func call(
        _ client: HTTPClient, _ method: String, _ url: String, _ body: JSON?
    ) throws -> JSON {
        let answer = try client.send(
            HTTPClient.Call(
                method: method, url: url, headers: [("Content-Type", "application/json")], body: body?.bytes))
        let value = try JSON(answer.body)["value"] ?? .null
        guard answer.status == 200 else {
            throw BrowserError(description: value["message"]?.string ?? "WebDriver said \(answer.status)")
        }
        return value
    }

    @discardableResult
    private func ask(_ method: String, _ path: String, _ body: JSON? = nil) throws -> JSON {
        try Self.call(client, method, "\(session)/\(path)", body)
    }

    /// Asks about the first element that the selector finds; again if a page that changes by itself has just replaced it.
    @discardableResult
    private func ask(_ method: String, _ command: String, of selector: String, _ body: JSON? = nil) throws -> JSON {
        for _ in 0..<5 {
            do {
                return try ask(method, "\(element(selector))/\(command)", body)
            } catch let error as BrowserError where error.description.contains("stale element") {
                continue
            }
        }
        throw BrowserError(description: "\(selector) never stands still")
    }

    /// The path of the first element that the selector finds.
    private func element(_ selector: String) throws -> String {
        let found = try ask("POST", "element", ["using": "css selector", "value": .string(selector)])
        guard let id = found.members?.first?.value.string else { throw BrowserError(description: "No \(selector)") }
        return "element/\(id)"
    }
}

public struct BrowserError: Error, CustomStringConvertible {
    public let description: String
}

extension Browser {
    public func open(_ url: String) throws { try ask("POST", "url", ["url": .string(url)]) }
    public func url() throws -> String { try ask("GET", "url").string ?? "" }
    public func title() throws -> String { try ask("GET", "title").string ?? "" }
    public func source() throws -> String { try ask("GET", "source").string ?? "" }
    public func refresh() throws { try ask("POST", "refresh", [:]) }

    /// The visible text of the first element that the selector finds, waited for.
    public func text(_ selector: String) throws -> String {
        try ask("GET", "text", of: selector).string ?? ""
    }

    public func attribute(_ name: String, of selector: String) throws -> String? {
        try ask("GET", "attribute/\(name)", of: selector).string
    }

    /// How many elements there are now.
    public func count(_ selector: String) throws -> Int {
        let script = "return document.querySelectorAll(arguments[0]).length"
        return Int(try run(script, [.string(selector)]).integer ?? 0)
    }

    public func click(_ selector: String) throws { try ask("POST", "click", of: selector, [:]) }

    /// Types into a field, after what is there.
    public func type(_ text: String, into selector: String) throws {
        try ask("POST", "value", of: selector, ["text": .string(text)])
    }

    /// Puts a text in the place of what a field holds.
    public func fill(_ selector: String, with text: String) throws {
        let field = try element(selector)
        try ask("POST", "\(field)/clear", [:])
        try ask("POST", "\(field)/value", ["text": .string(text)])
    }

    /// Runs a script in the page; `return` gives its value back.
    @discardableResult
    public func run(_ script: String, _ arguments: [JSON] = []) throws -> JSON {
        try ask("POST", "execute/sync", ["script": .string(script), "args": .array(arguments)])
    }

    /// A PNG of what the window shows, or of the whole page.
    public func screenshot(to path: String, wholePage: Bool = false) throws {
        let picture = try command("Page.captureScreenshot", ["captureBeyondViewport": .bool(wholePage)])["data"]?.string
        guard let data = Data(base64Encoded: picture ?? "") else { throw BrowserError(description: "No picture") }
        try data.write(to: URL(fileURLWithPath: path))
    }

    /// The size of the page's window; narrower than a real window can be.
    public func resize(width: Int, height: Int) throws {
        try command(
            "Emulation.setDeviceMetricsOverride",
            [
                "width": .integer(Int64(width)), "height": .integer(Int64(height)), "deviceScaleFactor": 1,
                "mobile": .bool(width < 500),
            ])
    }

    public func preferDark(_ dark: Bool) throws {
        let feature: JSON = ["name": "prefers-color-scheme", "value": dark ? "dark" : "light"]
        try command("Emulation.setEmulatedMedia", ["features": .array([feature])])
    }

    /// Whether pages may run scripts of their own, from the next page on.
    public func allowScripts(_ allowed: Bool) throws {
        try command("Emulation.setScriptExecutionDisabled", ["value": .bool(!allowed)])
    }

    /// What the console has said since the last time: errors of scripts, refusals of the policy, missing files.
    public func console() throws -> [String] {
        let entries = try ask("POST", "se/log", ["type": "browser"]).array ?? []
        return entries.compactMap { $0["message"]?.string }
    }

    /// Every address that the page has loaded something from.
    public func loadedAddresses() throws -> [String] {
        let script = "return performance.getEntriesByType('resource').map(entry => entry.name)"
        return try run(script).array?.compactMap(\.string) ?? []
    }

    /// Source: https://chromedevtools.github.io/devtools-protocol/
    @discardableResult
    public func command(_ name: String, _ parameters: JSON) throws -> JSON {
        try ask("POST", "goog/cdp/execute", ["cmd": .string(name), "params": parameters])
    }
}
