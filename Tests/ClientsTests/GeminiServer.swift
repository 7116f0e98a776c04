import Foundation
import JSON
import TestSupport

/// A real server on 127.0.0.1 that answers what Gemini answered, by the name of the model; ends with its owner.
final class GeminiServer: Sendable {
    let address: String
    private let directory: TemporaryDirectory
    private let process: RunningProgram

    init() throws {
        directory = try TemporaryDirectory()
        let answers = try JSONEncoder().encode(GeminiAnswers.all.mapValues(\.fields))
        try answers.write(to: URL(fileURLWithPath: directory.path + "/answers"))
        process = try Program("/usr/bin/env").start(
            ["python3", "-c", Self.program, directory.path], environment: ProcessInfo.processInfo.environment)
        let port = try eventually("the server listens") { [directory] in
            try? Places.text(of: directory.path + "/port")
        }
        address = "http://127.0.0.1:\(port)"
    }

    /// The last call: its first line and headers, and its body.
    func call() throws -> (head: String, body: JSON) {
        let text = try Data(contentsOf: URL(fileURLWithPath: directory.path + "/body"))
        return (try Places.text(of: directory.path + "/head"), try JSON([UInt8](text)))
    }

    private static let program = """
        import http.server, json, os, socket, sys, time
        place = sys.argv[1]
        answers = json.load(open(place + '/answers'))
        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *ignored): pass
            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length']))
                open(place + '/body', 'wb').write(body)
                open(place + '/head', 'w').write(self.requestline + '\\n' + str(self.headers))
                answer = answers[self.path.split('/')[-1].split(':')[0]]
                if answer['kind'] == 'hang': time.sleep(30)
                if answer['kind'] == 'reset': return self.connection.shutdown(socket.SHUT_RDWR)
                text = answer['body'].encode()
                self.send_response(int(answer['status']))
                if answer['header']: self.send_header(*answer['header'].split(': '))
                self.send_header('Content-Length', str(len(text)))
                self.end_headers()
                self.wfile.write(text[:len(text) // 2] if answer['kind'] == 'half' else text)
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        open(place + '/new', 'w').write(str(server.server_address[1]))
        os.rename(place + '/new', place + '/port')
        server.serve_forever()
        """
}

struct GeminiAnswer {
    let status: Int
    let body: String
    var header = ""
    var kind = "whole"

    var fields: [String: String] { ["status": "\(status)", "body": body, "header": header, "kind": kind] }
}

/// Answers in the shapes that Google's documentation and clients show, shortened.
///
/// Source: https://ai.google.dev/api/generate-content, https://ai.google.dev/gemini-api/docs/troubleshooting
enum GeminiAnswers {
    /// "picture" in base64.
    static let picture = "cGljdHVyZQ=="

    static let all: [String: GeminiAnswer] = [
        "picture": candidate(
            """
            {"text": "Here it is."}, {"inlineData": {"mimeType": "image/png", "data": "\(picture)"}}
            """),
        "snake-case": candidate(#"{"inline_data": {"mime_type": "image/png", "data": "\#(picture)"}}"#),
        "thinking": candidate(
            """
            {"inlineData": {"mimeType": "image/png", "data": "AAAA"}, "thought": true},
            {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
            {"inlineData": {"mimeType": "image/png", "data": "\(picture)"}, "thoughtSignature": "x"},
            {"inlineData": {"mimeType": "image/png", "data": "BBBB"}, "thought": true}
            """),
        "text-alone": candidate(#"{"text": "I cannot do that, but I can describe it."}"#),
        "no-image": GeminiAnswer(status: 200, body: #"{"candidates": [{"finishReason": "NO_IMAGE", "index": 0}]}"#),
        "no-candidate": GeminiAnswer(status: 200, body: #"{"usageMetadata": {"promptTokenCount": 264}}"#),
        "bad-base64": candidate(#"{"inlineData": {"mimeType": "image/png", "data": "***"}}"#),
        "nonsense": GeminiAnswer(status: 200, body: "<html>Hello</html>"),
        "blocked-prompt": GeminiAnswer(
            status: 200,
            body: """
                {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "modelVersion": "gemini-2.5-flash-image"}
                """),
        "bad-key": error(
            400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.",
            """
            {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID",
             "domain": "googleapis.com", "metadata": {"service": "generativelanguage.googleapis.com"}}
            """),
        "echoed-key": error(403, "PERMISSION_DENIED", "The key canary-key-0123456789 was reported as leaked."),
        "no-billing": error(400, "FAILED_PRECONDITION", "User location is not supported for the API use."),
        "no-model": error(404, "NOT_FOUND", "models/no-model is not found for API version v1beta."),
        "moved": GeminiAnswer(status: 307, body: "", header: "Location: http://127.0.0.1:1/"),
        "quota": error(
            429, "RESOURCE_EXHAUSTED", "You exceeded your current quota.",
            #"{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "37.5s"}"#),
        "busy": {
            var answer = error(429, "RESOURCE_EXHAUSTED", "Slow down.")
            answer.header = "Retry-After: 12"
            return answer
        }(),
        "broken": error(500, "INTERNAL", "An internal error has occurred."),
        "overloaded": error(503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
        "too-slow": error(504, "DEADLINE_EXCEEDED", "The request timed out."),
        "gateway": GeminiAnswer(status: 502, body: "<html>Bad Gateway</html>"),
        "hang": GeminiAnswer(status: 200, body: "", kind: "hang"),
        "reset": GeminiAnswer(status: 200, body: "", kind: "reset"),
        "half": GeminiAnswer(status: 200, body: String(repeating: " ", count: 1000) + "{}", kind: "half"),
    ].merging(
        ["SAFETY", "IMAGE_SAFETY", "PROHIBITED_CONTENT", "IMAGE_PROHIBITED_CONTENT", "BLOCKLIST", "RECITATION"].map {
            ($0, GeminiAnswer(status: 200, body: #"{"candidates": [{"finishReason": "\#($0)", "index": 0}]}"#))
        }
    ) { $1 }

    private static func candidate(_ parts: String) -> GeminiAnswer {
        GeminiAnswer(
            status: 200,
            body: """
                {"candidates": [{"content": {"parts": [\(parts)], "role": "model"}, "finishReason": "STOP", "index": 0}],
                 "usageMetadata": {"promptTokenCount": 264, "candidatesTokenCount": 1290, "totalTokenCount": 1554},
                 "modelVersion": "gemini-2.5-flash-image", "responseId": "x"}
                """)
    }

    private static func error(
        _ status: Int, _ name: String, _ message: String, _ detail: String = ""
    ) -> GeminiAnswer {
        GeminiAnswer(
            status: status,
            body: """
                {"error": {"code": \(status), "message": "\(message)", "status": "\(name)", "details": [\(detail)]}}
                """)
    }
}
