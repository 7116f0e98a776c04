import Foundation
import JSON
import TestSupport

/// A real server on 127.0.0.1 that answers each call with the next of the answers given for its path; the last one stays.
/// It ends with its owner.
final class PolarServer: Sendable {
    let address: String
    private let directory: TemporaryDirectory
    private let process: RunningProgram

    struct Answer: Sendable, Encodable {
        var status = 200
        var headers: [String: String] = [:]
        var body = ""
        /// `whole`, `half`, `hang`, `slow` (1.2 s) or `reset`.
        var kind = "whole"
    }

    /// - Parameter answers: by the path without its query.
    init(_ answers: [String: [Answer]]) throws {
        directory = try TemporaryDirectory()
        try JSONEncoder().encode(answers).write(to: URL(fileURLWithPath: directory.path + "/answers"))
        process = try Program("/usr/bin/env").start(
            ["python3", "-c", Self.program, directory.path], environment: ProcessInfo.processInfo.environment)
        let port = try eventually("the server listens") { [directory] in
            try? Places.text(of: directory.path + "/port")
        }
        address = "http://127.0.0.1:\(port)"
    }

    /// First lines of all calls, oldest first.
    func calls() throws -> [String] {
        let text = (try? Places.text(of: directory.path + "/calls")) ?? ""
        return text.split(separator: "\n").map { String($0) }
    }

    /// The headers of the last call.
    func headers() throws -> String { try Places.text(of: directory.path + "/headers") }

    private static let program = """
        import http.server, json, os, socket, sys, time
        place = sys.argv[1]
        answers = json.load(open(place + '/answers'))
        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *ignored): pass
            def do_GET(self):
                open(place + '/calls', 'a').write(self.command + ' ' + self.path + '\\n')
                open(place + '/headers', 'w').write(str(self.headers))
                waiting = answers.get(self.path.split('?')[0], [{'status': 404, 'headers': {}, 'body': '{"detail":"Not Found"}', 'kind': 'whole'}])
                answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
                if answer['kind'] == 'hang': time.sleep(30)
                if answer['kind'] == 'slow': time.sleep(1.2)
                if answer['kind'] == 'reset': return self.connection.shutdown(socket.SHUT_RDWR)
                text = answer['body'].encode()
                self.send_response(answer['status'])
                for name, value in answer['headers'].items(): self.send_header(name, value)
                self.send_header('Content-Length', str(len(text)))
                self.end_headers()
                self.wfile.write(text[:len(text) // 2] if answer['kind'] == 'half' else text)
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        open(place + '/new', 'w').write(str(server.server_address[1]))
        os.rename(place + '/new', place + '/port')
        server.serve_forever()
        """
}
