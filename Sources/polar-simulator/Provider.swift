internal import Core
private import Crypto
internal import HTTP
internal import JSON
internal import Threads

/// Gemini's `generateContent`: takes a picture, answers with another one, or goes wrong by the control page's will.
///
/// Source: https://ai.google.dev/api/generate-content
struct Provider: Sendable {
    let world: Monitor<World>
    let painter: Painter
    let log: @Sendable (LogLine) -> Void

    /// What was asked of it.
    struct Call: Sendable {
        var model: String
        var prompt: String
        var mimeType: String
        var picture: [UInt8]
    }

    func respond(to request: Request) -> Response? {
        guard request.path.hasPrefix(Self.beginning) else { return nil }
        do throws(GoogleError) {
            let model = try Self.model(of: request)
            try authorize(request)
            let call = try Self.call(request.body, model: model)
            let (fault, delay) = world.withLock { $0.provider.take(call) }
            _ = world.wait(atMost: delay) { _ in Bool?.none }
            return try answer(call, fault)
        } catch {
            return error.response
        }
    }

    // MARK: What is asked

    private static let beginning = "/v1beta/"
    private static let method = ":generateContent"

    private static func model(of request: Request) throws(GoogleError) -> String {
        let name = request.path.dropFirst(beginning.count)
        guard name.hasPrefix("models/"), name.hasSuffix(method), request.method == .post else { throw .noSuchPath }
        let model = String(name.dropFirst("models/".count).dropLast(method.count))
        guard model.hasPrefix("gemini-"), !model.contains("/") else { throw .noSuchModel(model) }
        return model
    }

    private func authorize(_ request: Request) throws(GoogleError) {
        guard let key = request.headers["x-goog-api-key"] else { throw .noKey }
        guard let right = world.withLock({ $0.settings.geminiKey }), key == right else { throw .wrongKey }
    }

    /// Protobuf's JSON has two spellings of each field; both are right.
    private static func call(_ body: [UInt8], model: String) throws(GoogleError) -> Call {
        guard let json = try? JSON(body), json.members != nil else {
            throw .invalid("Invalid JSON payload received. Unexpected token.")
        }
        guard let contents = json["contents"]?.array, !contents.isEmpty else {
            throw .invalid("* GenerateContentRequest.contents: contents is not specified\n")
        }
        let parts = contents.flatMap { $0["parts"]?.array ?? [] }
        guard let data = parts.compactMap({ $0["inlineData"] ?? $0["inline_data"] }).last,
            let mimeType = (data["mimeType"] ?? data["mime_type"])?.string, let text = data["data"]?.string
        else { throw .invalid("The simulator changes pictures only: send one as inlineData.") }
        guard pictureTypes.contains(mimeType) else { throw .invalid("Unsupported MIME type: \(mimeType)") }
        guard let picture = Base64.decoded(text), !picture.isEmpty else {
            throw .invalid(
                "Invalid value at 'contents[0].parts[0].inline_data.data' (TYPE_BYTES), Base64 decoding failed")
        }
        let prompt = parts.compactMap { $0["text"]?.string }.joined(separator: "\n")
        return Call(model: model, prompt: prompt, mimeType: mimeType, picture: picture)
    }

    private static let pictureTypes: Set<String> = [
        "image/png", "image/jpeg", "image/webp", "image/heic", "image/heif",
    ]

    // MARK: What is answered

    private func answer(_ call: Call, _ fault: ProviderFault) throws(GoogleError) -> Response {
        let bodies = ProviderBodies(model: call.model)
        switch fault {
        case .none, .slow: return .json(.ok, bodies.picture(try painted(call)))
        case .tooManyRequests: throw .quota(call.model, seconds: world.withLock { $0.provider.retrySeconds })
        case .internalError: throw .internalError
        case .unavailable: throw .overloaded
        case .hang: return hang()
        case .safety: return .json(.ok, bodies.refused)
        case .promptBlock: return .json(.ok, bodies.promptRefused)
        case .noImage: return .json(.ok, bodies.words)
        case .notAnImage: return .json(.ok, bodies.picture(Array("This is no picture.".utf8)))
        case .nonsense:
            return .html(.ok, "<!doctype html><title>Gateway</title><p>Please wait while we check your browser.")
        case .cutOff: return Self.cutOff(.json(.ok, bodies.picture(try painted(call))))
        }
    }

    private func painted(_ call: Call) throws(GoogleError) -> [UInt8] {
        switch painter.paint(call.picture) {
        case .success(let picture):
            world.withLock { $0.provider.pictures += 1 }
            return picture
        case .failure(.unreadable(let reason)):
            log(LogLine(.notice, "picture.not_read", ["tool.reason": reason]))
            throw .invalid("Unable to process input image. Please retry or report in \(GoogleError.help)")
        case .failure(.broken(let reason)):
            log(LogLine(.error, "picture.not_painted", ["tool.reason": reason]))
            throw .internalError
        }
    }

    /// Sends nothing for longer than any time-out, but not for ever, and only until the control page ends it: each call
    /// that hangs has one of our threads.
    private func hang() -> Response {
        let turn = world.withLock { world -> Int? in
            guard world.provider.hanging < ProviderState.mostHanging else { return nil }
            world.provider.hanging += 1
            return world.provider.changes
        }
        guard let turn else { return GoogleError.overloaded.response }
        _ = world.wait(atMost: ProviderState.hangTime) { $0.provider.changes != turn ? () : nil }
        world.withLock { $0.provider.hanging -= 1 }
        return GoogleError.deadline.response
    }

    /// The length promises more than comes: nginx passes both on and closes the connection in the middle.
    private static func cutOff(_ whole: Response) -> Response {
        var response = whole
        response.headers["content-length"] = String(whole.body.count)
        response.body = Array(whole.body.prefix(whole.body.count / 2))
        return response
    }
}
