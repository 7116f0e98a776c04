import Clients
import Core
import HTTPClient
import Images
import JSON
import Testing

@Suite struct GeminiClientTests {
    private static let key = "canary-key-0123456789"
    private let server: GeminiServer

    init() throws { server = try GeminiServer() }

    private func generate(_ model: String, at address: String? = nil) throws(GenerationFault) -> [UInt8] {
        let client = GeminiClient(
            address: address ?? server.address, key: Secret(Self.key), model: model,
            http: HTTPClient(totalTimeout: .seconds(2), maximumResponseBytes: 1 << 20))
        return try client.generate(GenerationInput(bytes: [1, 2, 250], kind: .webp, prompt: "Make it \"blue\""))
    }

    @Test func theCallIsWhatGoogleDocuments() throws {
        _ = try generate("picture")
        let (head, body) = try server.call()
        #expect(head.hasPrefix("POST /v1beta/models/picture:generateContent HTTP/1.1\n"))
        #expect(head.contains("\nx-goog-api-key: \(Self.key)\n"))
        #expect(head.contains("\nContent-Type: application/json\n"))
        #expect(!head.split(separator: "\n")[0].contains("canary"), "the key is in no address")
        let expected: JSON = [
            "contents": [
                [
                    "role": "user",
                    "parts": [
                        ["text": "Make it \"blue\""], ["inlineData": ["mimeType": "image/webp", "data": "AQL6"]],
                    ],
                ]
            ],
            "generationConfig": ["responseModalities": ["TEXT", "IMAGE"]],
        ]
        #expect(body == expected)
    }

    @Test(arguments: ["picture", "snake-case", "thinking"]) func aPictureIsTaken(model: String) throws {
        #expect(String(decoding: try generate(model), as: UTF8.self) == "picture")
    }

    @Test(arguments: [
        "SAFETY", "IMAGE_SAFETY", "PROHIBITED_CONTENT", "IMAGE_PROHIBITED_CONTENT", "BLOCKLIST", "RECITATION",
    ])
    func aFilterRefuses(model: String) { #expect(throws: GenerationFault.refused(model)) { try generate(model) } }

    @Test func aBlockedPromptIsARefusal() {
        #expect(throws: GenerationFault.refused("PROHIBITED_CONTENT")) { try generate("blocked-prompt") }
    }

    @Test(arguments: [
        ("text-alone", "no picture, finished by STOP"), ("no-image", "no picture, finished by NO_IMAGE"),
        ("no-candidate", "no candidate"), ("bad-base64", "not base64"), ("nonsense", "not JSON"),
    ])
    func anAnswerWithoutAPictureIsUnreadable(model: String, reason: String) {
        #expect(throws: GenerationFault.unreadable(reason)) { try generate(model) }
    }

    @Test(arguments: ["bad-key", "echoed-key", "no-billing", "no-model", "moved"])
    func whatAnOperatorMustMendIsToldApart(model: String) {
        let fault = #expect(throws: GenerationFault.self) { try generate(model) }
        guard case .misconfigured(let reason) = fault else {
            Issue.record("\(model): \(String(describing: fault))")
            return
        }
        #expect(!reason.contains("canary"), "\(reason)")
    }

    @Test(arguments: ["broken", "gateway", "reset", "half"])
    func anOutageMayPass(model: String) {
        let fault = #expect(throws: GenerationFault.self) { try generate(model) }
        guard case .unavailable(let reason, nil) = fault else {
            Issue.record("\(model): \(String(describing: fault))")
            return
        }
        #expect(!reason.isEmpty)
    }

    @Test(arguments: [("quota", Duration.seconds(37)), ("busy", .seconds(12)), ("overloaded", nil)])
    func aLimitSaysNothingOfThePicture(model: String, pause: Duration?) {
        let fault = #expect(throws: GenerationFault.self) { try generate(model) }
        guard case .limited(let reason, let retryAfter) = fault else {
            Issue.record("\(model): \(String(describing: fault))")
            return
        }
        #expect(retryAfter == pause)
        #expect(!reason.isEmpty)
    }

    @Test func nobodyThereIsAnOutage() {
        let fault = #expect(throws: GenerationFault.self) { try generate("picture", at: "http://127.0.0.1:1") }
        guard case .limited = fault else { Issue.record("\(String(describing: fault))"); return }
    }

    @Test(arguments: ["hang", "too-slow"]) func aTimeOutIsOne(model: String) {
        #expect(throws: GenerationFault.timedOut) { try generate(model) }
    }
}
