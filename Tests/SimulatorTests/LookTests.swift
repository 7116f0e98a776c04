import Foundation
import HTTPClient
import JSON
import TestSupport
import Testing

/// The simulator's pages in a real browser: narrow, light and dark.
@Suite(.serialized) struct LookTests {
    @Test func everyPageIsLegibleAndFits() throws {
        let site = try Site(["SIMULATOR_API_LIMIT": "0"])
        let browser = try Browser()
        let addresses = try Self.addresses(site)
        for isDark in [false, true] {
            try browser.preferDark(isDark)
            for (name, address) in addresses {
                try browser.resize(width: 360, height: 740)
                try browser.open(address)
                try Self.keepScreenshot("\(name)-\(isDark ? "dark" : "light")", of: browser)
                let faults = try browser.run(Self.inspection)
                #expect(faults.array == [], "\(name), dark: \(isDark)")
            }
        }
        let console = try browser.console().filter { !$0.contains("410") && !$0.contains("404") }
        #expect(console == [])
    }

    private static func addresses(_ site: Site) throws -> [(String, String)] {
        func post(_ path: String, _ body: JSON, token: String? = nil) throws -> JSON {
            let headers = token.map { [("Authorization", "Bearer \($0)")] } ?? []
            return try JSON(site.simulate("POST", path, headers: headers, body: body.bytes).body)
        }
        let token = try #require(site.settings["POLAR_ACCESS_TOKEN"])
        let product = try #require(site.settings["POLAR_PRODUCT_ID"])
        func checkout(of user: String) throws -> JSON {
            try post(
                "/v1/checkouts/",
                [
                    "products": [.string(product)], "external_customer_id": .string(user),
                    "customer_email": .string("\(user)@example.com"), "success_url": .string(site.origin + "/"),
                ], token: token)
        }
        let (open, paid, expired) = (try checkout(of: "ada"), try checkout(of: "bob"), try checkout(of: "eve"))
        let order = try post("/control/api/pay", ["checkout_id": paid["id"] ?? .null, "country": "FR"])
        let path = "/control/api/orders/\(order["id"]?.string ?? "")"
        _ = try post(path + "/refund", ["amount": 100])
        _ = try post(path + "/refund", ["amount": 100, "pending": true])
        _ = try post(path + "/dispute", .object([]))
        _ = try post("/control/api/checkouts/\(expired["id"]?.string ?? "")/expire", .object([]))
        let portal = try post("/v1/customer-sessions/", ["external_customer_id": "bob"], token: token)
        let signIn = try site.send("GET", "/auth/login").headers["location"]
        return [
            ("checkout", open["url"]?.string ?? ""), ("declined", (open["url"]?.string ?? "") + "?declined=1"),
            ("paid", paid["url"]?.string ?? ""), ("expired", expired["url"]?.string ?? ""),
            ("portal", portal["customer_portal_url"]?.string ?? ""), ("signin", try #require(signIn)),
            ("control", site.simulatorAddress + "/control"), ("nothing", site.simulatorAddress + "/nothing"),
        ]
    }

    /// Whoever wants to look at the pages names a directory for them.
    private static func keepScreenshot(_ name: String, of browser: Browser) throws {
        guard let directory = ProcessInfo.processInfo.environment["SCREENSHOTS"] else { return }
        try browser.screenshot(to: "\(directory)/simulator-\(name).png", wholePage: true)
    }

    /// What is wider than the window, has no label, or stands out less than WCAG 2.2 AA wants.
    private static let inspection = """
        const faults = [];
        if (document.documentElement.scrollWidth > 360) faults.push('wider than the window');
        if (!document.title || document.querySelectorAll('h1, main').length != 2) faults.push('no title, h1 or main');
        for (const field of document.querySelectorAll('input:not([type=hidden]), select'))
            if (!field.labels.length && !field.ariaLabel) faults.push('no label: ' + field.name);
        const channel = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
        const light = c => 0.2126 * channel(c[0]) + 0.7152 * channel(c[1]) + 0.0722 * channel(c[2]);
        const parts = text => text.match(/[\\d.]+/g).map(Number);
        const ground = node => {
            for (; node; node = node.parentElement) {
                const colour = parts(getComputedStyle(node).backgroundColor);
                if (colour.length == 3 || colour[3] > 0) return colour;
            }
            return [255, 255, 255];
        };
        for (const node of document.querySelectorAll('body *')) {
            if (![...node.childNodes].some(child => child.nodeType == 3 && child.data.trim())) continue;
            const [a, b] = [light(parts(getComputedStyle(node).color)), light(ground(node))];
            const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            if (contrast < 4.5) faults.push(node.tagName + ' ' + node.textContent.trim().slice(0, 30) + ' ' + contrast);
        }
        return faults;
        """
}
