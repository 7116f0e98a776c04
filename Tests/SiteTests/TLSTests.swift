import Foundation
import TestSupport
import Testing

/// What production's nginx agrees to, asked by OpenSSL's own client.
@Suite struct TLSTests {
    private let directory: TemporaryDirectory
    private let server: RunningProgram
    private let port = Int.random(in: 10_000..<30_000)

    init() throws {
        directory = try TemporaryDirectory()
        let key = "\(directory.path)/key.pem", certificate = "\(directory.path)/certificate.pem"
        let made = try Program("/usr/bin/openssl").run([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", key, "-out",
            certificate,
        ])
        try #require(made.status == 0)
        let production = try Places.text(of: "\(Places.repository)/deploy/nginx/production/http.conf")
        let rules = production.split(separator: "\n").filter { $0.hasPrefix("ssl_") && !$0.contains("@") }
        try #require(rules.count >= 4)
        try Places.write(
            """
            daemon off; master_process off; pid \(directory.path)/pid; error_log stderr;
            events {}
            http {
                access_log off;
                \(rules.joined(separator: "\n"))
                ssl_certificate \(certificate); ssl_certificate_key \(key);
                server { listen 127.0.0.1:\(port) ssl; return 204; }
            }
            """, to: "\(directory.path)/nginx.conf")
        server = try Program("/usr/sbin/nginx").start(["-c", "\(directory.path)/nginx.conf", "-e", "stderr"])
        try eventually("nginx listens") { try agrees(["-tls1_3"]) }
    }

    private func agrees(_ options: [String]) throws -> Bool {
        try Program("/usr/bin/openssl").run(["s_client", "-connect", "127.0.0.1:\(port)"] + options).status == 0
    }

    @Test func onlyWhatHasForwardSecrecyAndAuthenticatesIsAgreedOn() throws {
        for cipher in ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305"] {
            #expect(try agrees(["-tls1_2", "-cipher", cipher]), "\(cipher)")
        }
        for cipher in [
            "AES128-GCM-SHA256", "AES256-SHA256", "ECDHE-RSA-AES128-SHA256", "ECDHE-RSA-AES256-SHA",
            "ECDHE-ARIA128-GCM-SHA256", "CAMELLIA128-SHA256",
        ] {
            #expect(try !agrees(["-tls1_2", "-cipher", cipher]), "\(cipher)")
        }
        #expect(try !agrees(["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]))
    }
}
