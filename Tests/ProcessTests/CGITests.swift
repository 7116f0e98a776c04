import TestSupport
import Testing

/// The same executable as a plain CGI program: one request from the environment, one answer on standard output.
@Suite struct CGITests {
    private let handler: Handler

    init() throws { handler = try Handler() }

    private func answer(_ request: FastCGIRequest, cutTo length: Int? = nil) throws -> FastCGIAnswer? {
        let environment = handler.environment.merging(request.parameters) { $1 }
        let ended = try Program("polar-orders").run(
            environment: environment, input: Array(request.body.prefix(length ?? request.body.count)))
        #expect(ended.status == 0, "\(ended.errors)")
        return FastCGIAnswer(output: Array(ended.output.utf8))
    }

    @Test func answersOneRequest() throws {
        let event = OrderEvent(product: Handler.product)
        let request = FastCGIRequest(SignedWebhook(Array(event.body.utf8), secret: Handler.secret))
        #expect(try answer(request)?.status == 202)
        #expect(try answer(request)?.status == 202)
        #expect(try answer(request, cutTo: 10)?.status == 400)
        #expect(try answer(FastCGIRequest("GET", "/polar/orders"))?.status == 405)
        #expect(try answer(FastCGIRequest("POST", "/polar/orders", body: [0x7B]))?.status == 403)
        var long = request
        long.set("CONTENT_LENGTH", "1048577")
        #expect(try answer(long)?.status == 413)
        let shown = try handler.creditctl("order", "show", event.order, "--json")
        #expect(shown.output.contains(#""credits":420"#))
    }

    @Test func everyFaultOfTheSettingsIsNamedAtOnce() throws {
        let ended = try Program("polar-orders").run(environment: [
            "POLAR_WEBHOOK_SECRET": "hunter2", "FASTCGI_THREADS": "0", "POLAR_SERVER": "staging",
        ])
        #expect(ended.status == 78)
        #expect(
            ended.errors == """
                CREDITS_DATABASE is missing
                FASTCGI_THREADS is not a whole number from 1 to 256
                POLAR_SERVER is not one of sandbox, production
                POLAR_PRODUCT_ID is missing
                POLAR_WEBHOOK_SECRET is shorter than 24 bytes

                """)
    }

    @Test(arguments: ["checkout", "auth"]) func everyHandlerChecksItsSettings(_ name: String) throws {
        let ended = try Program(name).run(environment: ["CREDITS_PUBLIC_URL": "hunter2"])
        #expect(ended.status == 78)
        #expect(ended.errors.split(separator: "\n").count > 3)
        #expect(!ended.errors.contains("hunter2"))
    }
}
