import HTTPClient
import JSON
import TestSupport
import Testing

/// What anybody can type at Polar, read by an admin.
@Suite struct HostileNamesTests {
    private static let name =
        "X\u{600}<form method=post action=/admin/admins><input name=user_id value=mallory\u{600}></form>"

    @Test func aBuyersNameStaysTextOnTheAdminsPages() throws {
        let site = try Site()
        var event = OrderEvent(product: try #require(site.settings["POLAR_PRODUCT_ID"]))
        event.user = ""
        let customer = #""customer":{"external_id":null,"email":"\#("a\u{202E}b@example.com")","name":"\#(Self.name)"}"#
        let body = event.body.replacing(#""customer":{"external_id":null}"#, with: customer)
        #expect(body.contains(Self.name))
        #expect(try site.deliver(body).status == 202)

        let admin = try Browser()
        try admin.allowScripts(false)
        try admin.signIn("admin", at: site)
        for path in ["/admin/parked", "/admin/parked/\(event.order)"] {
            try admin.open(site.origin + path)
            #expect(try admin.text("main").contains("X<form method=post action=/admin/admins>"), "\(path)")
            #expect(
                try admin.run("return document.querySelectorAll('form[action$=\"/admin/admins\"]').length").integer == 0
            )
            #expect(try admin.text("main").unicodeScalars.allSatisfy { !["\u{600}", "\u{202E}"].contains($0) })
        }
    }
}
