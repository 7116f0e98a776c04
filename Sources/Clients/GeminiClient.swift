public import Core
private import Crypto
public import HTTPClient
private import Images
private import JSON

/// Gemini's `generateContent`, asked to change one picture into another.
///
/// Source: https://ai.google.dev/api/generate-content
public struct GeminiClient: Sendable {
    /// A large picture in base64, and room to spare.
    public static let maximumAnswerBytes = 64 << 20

    private let url: String
    private let key: Secret
    private let http: HTTPClient

    /// - Parameter address: `https://generativelanguage.googleapis.com`, or a simulator's.
    public init(address: String, key: Secret, model: String, http: HTTPClient) {
        url = "\(address)/v1beta/models/\(model):generateContent"
        self.key = key
        self.http = http
    }

    public func generate(_ input: GenerationInput) throws(GenerationFault) -> [UInt8] {
        let answer: HTTPClient.Answer
        do throws(HTTPClientError) {
            answer = try http.send(
                .init(
                    method: "POST", url: url,
                    // In a header: an address ends up in logs.
                    headers: [("x-goog-api-key", key.revealed), ("Content-Type", "application/json")],
                    body: Self.body(of: input).bytes))
        } catch {
            throw GenerationFault(error)
        }
        let json = try? JSON(answer.body)
        guard answer.status == 200 else { throw GeminiRefusal(answer, json).fault(hiding: key) }
        guard let json else { throw .unreadable("not JSON") }
        return try Self.picture(in: json)
    }

    private static func body(of input: GenerationInput) -> JSON {
        let picture: JSON = [
            "mimeType": .string(input.kind.contentType), "data": .string(Base64.encoded(input.bytes)),
        ]
        return [
            "contents": [["role": "user", "parts": [["text": .string(input.prompt)], ["inlineData": picture]]]],
            "generationConfig": ["responseModalities": ["TEXT", "IMAGE"]],
        ]
    }

    /// The last picture of the first candidate: a model that thinks shows its drafts before it, marked as thoughts.
    private static func picture(in json: JSON) throws(GenerationFault) -> [UInt8] {
        if let reason = json["promptFeedback"]?["blockReason"]?.string { throw .refused(named(reason)) }
        guard let candidate = json["candidates"]?.array?.first else { throw .unreadable("no candidate") }
        let reason = candidate["finishReason"]?.string ?? "none"
        if refusals.contains(reason) { throw .refused(named(reason)) }
        let pictures = (candidate["content"]?["parts"]?.array ?? []).compactMap { part in
            part["thought"]?.bool == true ? nil : (part["inlineData"] ?? part["inline_data"])?["data"]?.string
        }
        guard let text = pictures.last else { throw .unreadable("no picture, finished by \(named(reason))") }
        guard let bytes = Base64.decoded(text) else { throw .unreadable("not base64") }
        return bytes
    }

    /// A filter's "no" to this picture and prompt, which would come again.
    private static let refusals: Set<String> = [
        "SAFETY", "IMAGE_SAFETY", "PROHIBITED_CONTENT", "IMAGE_PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "RECITATION",
        "IMAGE_RECITATION",
    ]

    private static func named(_ reason: String) -> String { String(reason.prefix(60)) }
}

/// What an answer that is not 200 says.
///
/// Source: https://ai.google.dev/gemini-api/docs/troubleshooting
private struct GeminiRefusal {
    private let status: Int
    /// Google's name of the error, for instance `RESOURCE_EXHAUSTED`.
    private let name: String
    private let message: String
    private let retryAfter: Duration?
    /// The reasons that Google's `ErrorInfo` names, for instance `API_KEY_INVALID`.
    private let reasons: [String]

    init(_ answer: HTTPClient.Answer, _ json: JSON?) {
        let error = json?["error"]
        status = answer.status
        name = error?["status"]?.string ?? "unnamed"
        message = error?["message"]?.string ?? ""
        reasons = (error?["details"]?.array ?? []).compactMap { $0["reason"]?.string }
        let delays = (error?["details"]?.array ?? []).compactMap { $0["retryDelay"]?.string }
        // `Retry-After: 60`, or RetryInfo's `37s` and `1.5s`; whole seconds are exact enough.
        let text = answer.headers["retry-after"] ?? delays.first
        retryAfter = text.flatMap { Int64($0.prefix { $0.isASCII && $0.isNumber }) }
            .map { .seconds(min($0, 86_400)) }
    }

    func fault(hiding key: Secret) -> GenerationFault {
        let said = "\(status) \(name): \(message)".replacing(key.revealed, with: key.description)
        let reason = String(said.prefix(300))
        switch status {
        case 504: return .timedOut
        case 429, 503: return .limited(reason, retryAfter: retryAfter)
        case 408, 500...599: return .unavailable(reason, retryAfter: retryAfter)
        case 400 where !isOfTheKey, 413, 422: return .failed(reason)
        case _: return .misconfigured(reason)
        }
    }

    /// A key that is none comes as 400 as well, and so does a place or an account that is not served.
    private var isOfTheKey: Bool {
        name == "FAILED_PRECONDITION" || reasons.contains { $0.hasPrefix("API_KEY_") }
            || message.lowercased().contains("api key")
    }
}

extension GenerationFault {
    init(_ error: HTTPClientError) {
        switch error {
        case .notSent(let reason): self = .limited(reason, retryAfter: nil)
        case .cutShort(let reason): self = .unavailable(reason, retryAfter: nil)
        case .tooLarge: self = .unreadable("too large")
        case .timedOut: self = .timedOut
        }
    }
}
