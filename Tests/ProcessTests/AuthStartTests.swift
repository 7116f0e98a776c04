import Foundation
import TestSupport
import Testing

/// The first requests after a start of `auth`.
@Suite(.serialized) struct AuthStartTests {
    private static let keys = """
        {"keys":[{"kty":"EC","crv":"P-256","kid":"k1","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",\
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}
        """
    /// Signed by nobody: 401 says that the key was there to find that out.
    private static let token = "eyJhbGciOiJFUzI1NiIsImtpZCI6ImsxIn0.e30." + String(repeating: "A", count: 86)

    private func handler(_ settings: [String: String]) throws -> Handler {
        try Handler(
            "auth",
            [
                "CREDITS_PUBLIC_URL": "https://credits.example", "AUTH_ISSUER": "https://issuer.example",
                "AUTH_AUDIENCE": "credits", "FASTCGI_THREADS": "32",
            ].merging(settings) { $1 })
    }

    /// Of so many requests that are all there before the first is answered.
    private func statuses(_ handler: Handler) throws -> [Int?] {
        let request = FastCGIRequest("GET", "/auth/check", [("HTTP_AUTHORIZATION", "Bearer \(Self.token)")])
        let connections = try (0..<64).map { _ in
            let connection = try handler.connect()
            connection.write(request.beginning() + request.ending())
            return connection
        }
        return connections.map { FastCGIAnswer(records: $0.readToEnd())?.status }
    }

    @Test func keysInAFileAreThereBeforeTheFirstAnswer() throws {
        let file = try TemporaryDirectory()
        let path = file.path + "/keys.json"
        try Data(Self.keys.utf8).write(to: URL(fileURLWithPath: path))
        let handler = try handler(["AUTH_JWKS_FILE": path])
        #expect(Set(try statuses(handler)) == [401])
    }

    @Test func keysThatCannotBeReadAreAskedForAgainUnasked() throws {
        let file = try TemporaryDirectory()
        let path = file.path + "/keys.json"
        let handler = try handler(["AUTH_JWKS_FILE": path])
        #expect(Set(try statuses(handler)) == [503])
        try Data(Self.keys.utf8).write(to: URL(fileURLWithPath: path))
        try eventually("the keys are read", within: .seconds(30)) { try Set(statuses(handler)) == [401] }
    }
}
