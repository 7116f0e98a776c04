import Foundation
import HTTPClient
import TestSupport
import Testing

/// Whoever works on templates sees them without building anything.
@Suite struct LiveSourcesTests {
    @Test func aTemplateShowsWhenThePageIsLoadedAgain() throws {
        let root = try TemporaryDirectory()
        for folder in ["Sources/Pages/Templates", "deploy/static"] {
            let place = URL(fileURLWithPath: "\(root.path)/\(folder)")
            try FileManager.default.createDirectory(
                at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
            try FileManager.default.copyItem(at: URL(fileURLWithPath: "\(Places.repository)/\(folder)"), to: place)
        }
        let site = try Site(["CREDITS_SOURCES": root.path])
        func page() throws -> String {
            let answer = try site.send("GET", "/auth/callback", headers: [("Accept", "text/html")])
            return String(decoding: answer.body, as: UTF8.self)
        }
        let layout = "\(root.path)/Sources/Pages/Templates/layout.mustache"
        let stylesheet = "\(root.path)/deploy/static/style.css"
        let before = try page()
        #expect(before.contains("/static/style.css?") && !before.contains("of tomorrow"))

        let text = try Places.text(of: layout)
        try Places.write(text.replacingOccurrences(of: "<title>", with: "<title>of tomorrow "), to: layout)
        #expect(try page().contains("<title>of tomorrow "))

        try Places.write(try Places.text(of: stylesheet) + "main { color: red }\n", to: stylesheet)
        let address = /style\.css\?[0-9]+/
        #expect(try page().firstMatch(of: address)?.0 != before.firstMatch(of: address)?.0)

        try Places.write(text + "{{#open}}", to: layout)
        #expect(try page().contains("A template does not parse"))
    }
}
