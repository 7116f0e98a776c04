import Identity
import Testing

@Suite struct ClientWordsTests {
    @Test(arguments: [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142 Safari/537.36",
            "Chrome on Windows"
        ),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/142 Safari/537.36 Edg/142", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/26 Safari/605.1.15", "Safari on macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) Version/26 Mobile Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 16) Chrome/142 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.14.1", nil), ("", nil), ("<script>Firefox/\u{600}<b>", "Firefox"),
        (String(repeating: "x", count: 505) + "Firefox/1", nil),
    ])
    func aBrowserIsSaidInWordsOfOurs(_ header: String, _ words: String?) {
        #expect(ClientWords.agent(header) == words)
    }

    @Test(arguments: [
        ("203.0.113.7", "203.0.113.*"), ("127.0.0.1", "127.0.0.*"), ("2001:db8:12:34::1", "2001:db8:12:*"),
        ("2001:db8::1", "2001:db8:0:*"), ("::1", "0:0:0:*"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:*"),
        ("", nil), ("unix:", nil), ("1.2.3", nil), ("1.2.3.4.5", nil), ("1..3.4", nil), ("1:2", nil),
        ("<b>.2.3.4", nil), ("1:2:3:4:5:6:7:8:9:a", nil),
    ])
    func anAddressIsSaidRoughly(_ address: String, _ words: String?) {
        #expect(ClientWords.network(address) == words)
    }
}
