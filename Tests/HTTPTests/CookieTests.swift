import HTTP
import Testing

@Suite struct CookieTests {
    @Test(arguments: [
        (nil, nil), ("", nil), ("s", nil), ("s=", ""), ("s=1", "1"), ("a=0; s=1", "1"), ("a=0;s=1", "1"),
        ("a=0;   s=1", "1"), ("s=a=b", "a=b"), ("S=1", nil), ("xs=1", nil), ("s =1", nil), ("a=0; b; s=1; =2", "1"),
        ("s=1; s=1", nil), ("s=1; a=0; s=2", nil), (";;s=1;;", "1"),
    ])
    func readsTheOnlyOneOfAName(_ header: String?, _ value: String?) {
        #expect(Cookies(header: header)["s"] == value)
    }

    @Test func aSessionIsOutOfReachOfScriptsAndOtherSites() {
        #expect(
            Cookies.set("__Host-s", to: "t", lifetime: .seconds(60), isSecure: true)
                == "__Host-s=t; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure")
        #expect(
            Cookies.set("s", to: "", lifetime: .zero, isSecure: false)
                == "s=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0")
    }
}

@Suite struct ContentNegotiationTests {
    @Test(arguments: [
        ("", false), ("*/*", false), ("text/html", true), ("TEXT/HTML;q=0.9", true), ("application/json", false),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true), ("application/xhtml+xml", true),
        ("application/json, text/html", false), ("text/html, application/json", true),
        ("application/problem+json, text/html", false), ("text/*", false), ("image/png, */*", false),
        (" text/html ", true), ("text/htmlx", false),
    ])
    func aBrowserNamesHTMLFirst(_ accept: String, _ prefersHTML: Bool) {
        #expect(ContentNegotiation.prefersHTML(accept) == prefersHTML)
    }

    @Test(arguments: [
        ("/buy", "text/html", true), ("/api/v1/credits", "text/html", false), ("/buy", "*/*", false),
        ("/apiary", "text/html", true),
    ])
    func theAPINeverAnswersAPage(_ path: String, _ accept: String, _ wantsPage: Bool) {
        #expect(Request(method: .get, path: path, headers: ["Accept": accept]).wantsPage == wantsPage)
        #expect(!Request(method: .get, path: path).wantsPage)
    }
}
