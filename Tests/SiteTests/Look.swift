import HTTPClient
import JSON
import TestSupport
import Testing

/// Holds pages against the rules: as HTML, as something that everybody can use, and as something that fits.
struct Look {
    let browser: Browser
    let site: Site

    /// Opens each page narrow and wide, light and dark. Whatever is folded away is unfolded.
    func expectGood(_ pages: [(name: String, path: String)]) throws {
        let cookie = try site.session(browser).map { [("Cookie", "credits=\($0)"), ("Accept", "text/html")] } ?? []
        let served = try pages.map { page in
            let answer = try site.send("GET", page.path, headers: cookie)
            return (name: page.name, html: String(decoding: answer.body, as: UTF8.self))
        }
        #expect(try Markup.faults(in: served) == [])
        for (name, path) in pages { try inEveryLight(name) { try browser.open(site.origin + path) } }
    }

    /// The page that the browser shows now, which no address brings back.
    func expectGoodAsItStands(_ name: String) throws {
        let source = "<!doctype html>" + (try browser.run("return document.documentElement.outerHTML").string ?? "")
        #expect(try Markup.faults(in: [(name, source)]) == [])
        try inEveryLight(name) {}
    }

    private func inEveryLight(_ name: String, show: () throws -> Void) throws {
        for isDark in [false, true] {
            try browser.preferDark(isDark)
            for width in [360, 1200] {
                try browser.resize(width: width, height: 800)
                try show()
                try browser.run("for (const folded of document.querySelectorAll('details')) folded.open = true")
                let place = Comment(rawValue: "\(name), \(width) wide, dark: \(isDark)")
                #expect(try Accessibility.faults(browser) == [], place)
                let fits = try browser.run("return document.documentElement.scrollWidth <= innerWidth").bool
                #expect(fits == true, place)
                guard let folder = Places.screenshots else { continue }
                try browser.screenshot(
                    to: "\(folder)/\(name)-\(width)-\(isDark ? "dark" : "light").png", wholePage: true)
            }
        }
    }
}
