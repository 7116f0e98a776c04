private import Crypto
internal import HTTP
internal import JSON

/// What Gemini answers with status 200.
///
/// Source: https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse
struct ProviderBodies {
    let model: String

    func picture(_ bytes: [UInt8]) -> JSON {
        let data: JSON = ["mimeType": "image/png", "data": .string(Base64.encoded(bytes))]
        return candidate(
            .object([
                .init(
                    "content", ["parts": [["text": "Here is your picture."], ["inlineData": data]], "role": "model"]),
                .init("finishReason", "STOP"), .init("index", 0),
            ]), tokens: 1290)
    }

    /// As if the model had talked instead of painting.
    var words: JSON {
        candidate(
            [
                "content": ["parts": [["text": "I can describe this picture for you."]], "role": "model"],
                "finishReason": "STOP", "index": 0,
            ], tokens: 9)
    }

    /// The filter looked at what the model had painted. There is no content then.
    var refused: JSON {
        candidate(
            [
                "finishReason": "IMAGE_SAFETY", "index": 0,
                "finishMessage": .string(
                    "Unable to show the generated image. The image was filtered out because it violated Google's "
                        + "Generative AI Prohibited Use policy. You will not be charged for blocked images."),
            ], tokens: 0)
    }

    /// The filter looked at what was sent. There are no candidates then.
    var promptRefused: JSON {
        .object([.init("promptFeedback", ["blockReason": "PROHIBITED_CONTENT"])] + end(tokens: 0))
    }

    private func candidate(_ candidate: JSON, tokens: Int64) -> JSON {
        .object([.init("candidates", [candidate])] + end(tokens: tokens))
    }

    private func end(tokens: Int64) -> [JSON.Member] {
        let prompt: Int64 = 264
        return [
            .init(
                "usageMetadata",
                [
                    "promptTokenCount": .integer(prompt), "candidatesTokenCount": .integer(tokens),
                    "totalTokenCount": .integer(prompt + tokens),
                    "promptTokensDetails": [
                        ["modality": "TEXT", "tokenCount": 6], ["modality": "IMAGE", "tokenCount": 258],
                    ],
                    "candidatesTokensDetails": [["modality": "IMAGE", "tokenCount": .integer(tokens)]],
                ]),
            .init("modelVersion", .string(model)), .init("responseId", .string(newToken().prefix(22).description)),
        ]
    }
}

/// Google's error body.
///
/// Source: https://ai.google.dev/gemini-api/docs/troubleshooting and google/rpc/error_details.proto of googleapis/googleapis
struct GoogleError: Error {
    let code: Int
    let status: String
    let message: String
    var details: [JSON] = []

    static let help = "https://developers.generativeai.google/guide/troubleshooting"

    var response: Response {
        var error: [JSON.Member] = [
            .init("code", .integer(Int64(code))), .init("message", .string(message)), .init("status", .string(status)),
        ]
        if !details.isEmpty { error.append(.init("details", .array(details))) }
        return .json(Status(rawValue: code), ["error": .object(error)])
    }

    static func invalid(_ message: String) -> GoogleError {
        GoogleError(code: 400, status: "INVALID_ARGUMENT", message: message)
    }

    static let wrongKey: GoogleError = {
        let message = "API key not valid. Please pass a valid API key."
        return GoogleError(
            code: 400, status: "INVALID_ARGUMENT", message: message,
            details: [
                [
                    "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID",
                    "domain": "googleapis.com", "metadata": ["service": "generativelanguage.googleapis.com"],
                ],
                [
                    "@type": "type.googleapis.com/google.rpc.LocalizedMessage", "locale": "en-US",
                    "message": .string(message),
                ],
            ])
    }()

    static let noKey = GoogleError(
        code: 403, status: "PERMISSION_DENIED",
        message: "Method doesn't allow unregistered callers (callers without established identity). Please use API Key "
            + "or other form of API consumer identity to call this API.")

    static let noSuchPath = GoogleError(code: 404, status: "NOT_FOUND", message: "Not Found")

    static func noSuchModel(_ model: String) -> GoogleError {
        GoogleError(
            code: 404, status: "NOT_FOUND",
            message: "models/\(model) is not found for API version v1beta, or is not supported for generateContent. "
                + "Call ListModels to see the list of available models and their supported methods.")
    }

    static func quota(_ model: String, seconds: Int) -> GoogleError {
        let violation: JSON = [
            "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
            "quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier",
            "quotaDimensions": ["location": "global", "model": .string(model)], "quotaValue": "10",
        ]
        return GoogleError(
            code: 429, status: "RESOURCE_EXHAUSTED",
            message:
                "You exceeded your current quota, please check your plan and billing details. For more information "
                + "on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits.\n"
                + "Please retry in \(seconds)s.",
            details: [
                ["@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]],
                ["@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": .string("\(seconds)s")],
            ])
    }

    static let internalError = GoogleError(
        code: 500, status: "INTERNAL", message: "An internal error has occurred. Please retry or report in \(help)")
    static let overloaded = GoogleError(
        code: 503, status: "UNAVAILABLE", message: "The model is overloaded. Please try again later.")
    static let deadline = GoogleError(
        code: 504, status: "DEADLINE_EXCEEDED",
        message: "Deadline expired before operation could complete.")
}
