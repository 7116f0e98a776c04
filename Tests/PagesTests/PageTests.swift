import Core
import Crypto
import Foundation
import Testing

@testable import Pages

@Suite struct PageTests {
    static let statics = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../deploy/static")

    @Test func theAddressOfAStaticFileFollowsItsContent() throws {
        var hashes: [String: String] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: Self.statics.path)
        where StaticFile.hashes[name] != nil {
            let data = try Data(contentsOf: Self.statics.appending(path: name))
            hashes[name] = String(hexadecimal(sha256(Array(data))).prefix(16))
        }
        #expect(StaticFile.hashes == hashes)
    }

    @Test func whatPeopleWriteIsEscaped() {
        let hostile = #"<script>alert("1")</script>&'"#
        let page = MessagePage(
            hostile, hostile, form: .init(hostile, hostile, token: hostile), actions: [Action(hostile, hostile)],
            requestID: hostile
        ).html
        #expect(!page.contains("<script>"))
        #expect(page.contains("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;"))
    }

    @Test(arguments: [(0, "none"), (1, "low"), (5, "low"), (6, "fine"), (430, "fine")])
    func theBalanceWarnsAtFiveAndFewer(_ balance: Int64, _ look: String) {
        let person = Person(balance: Credits(rawValue: balance), formToken: "t")
        #expect(person.balanceLook == look)
    }

    @Test func onlyAnAdminSeesTheWayToTheirPages() {
        func html(isAdmin: Bool) -> String {
            let person = Person(balance: 10, isAdmin: isAdmin, formToken: "t")
            return MessagePage("a", "b", person: person).html
        }
        #expect(html(isAdmin: true).contains(#"<a href="/admin">Admin</a>"#))
        #expect(!html(isAdmin: false).contains("/admin"))
    }

    @Test func noPageHasInlineScriptOrStyle() {
        for page in [MessagePage("a", "b").html] {
            #expect(!page.contains("style="))
            #expect(!page.contains("<style"))
            #expect(!page.contains("onclick"))
        }
    }

    @Test func theStylesheetIsSmall() throws {
        let sheets = try ["style.css", "admin.css"].map { try Data(contentsOf: Self.statics.appending(path: $0)).count }
        #expect(sheets.reduce(0, +) < 20_000, "The pages of admins load both")
    }
}
