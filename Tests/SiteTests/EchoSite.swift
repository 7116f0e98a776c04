import Foundation
import HTTPClient
import JSON
import TestSupport

/// nginx as it is, with programs behind it that only say what they were told: what nginx passes on can be seen.
enum EchoSite {
    private static let shared: Result<Site, any Error> = Result { try with([:]) }

    /// The one that the tests share.
    static func site() throws -> Site { try shared.get() }

    static func with(_ settings: [String: String]) throws -> Site {
        let programs = try programs()
        defer { try? FileManager.default.removeItem(atPath: programs) }
        return try Site(settings.merging(["STACK_EXECUTABLES": programs]) { $1 })
    }

    /// The stack takes its own copies.
    private static func programs() throws -> String {
        let directory = try Places.temporaryDirectory()
        for name in [
            "checkout", "generations", "generation-worker", "admin", "polar-orders", "auth", "polar-simulator",
            "creditctl",
        ] {
            let path = "\(directory)/\(name)"
            try Data(program.utf8).write(to: URL(fileURLWithPath: path))
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        }
        return directory
    }

    /// Answers every request with its parameters. As `auth` it knows one token, and as `creditctl` it just ends.
    private static let program = #"""
        #!/usr/bin/env python3
        import json, os, signal, socket, struct, sys, threading
        name = os.path.basename(sys.argv[0])
        if name == 'creditctl': sys.exit(0)
        if name == 'generation-worker': signal.pause()
        def take(peer, count):
            data = b''
            while len(data) < count:
                more = peer.recv(count - len(data))
                if not more: raise EOFError
                data += more
            return data
        def length(data, at):
            if data[at] < 128: return data[at], at + 1
            return struct.unpack('>I', data[at:at + 4])[0] & 0x7fffffff, at + 4
        def request(peer):
            parameters, body, pairs, at = b'', b'', [], 0
            while True:
                _, kind, _, size, padding, _ = struct.unpack('>BBHHBB', take(peer, 8))
                content = take(peer, size)
                take(peer, padding)
                if kind == 4: parameters += content
                if kind == 5 and size == 0: break
                if kind == 5: body += content
            while at < len(parameters):
                first, at = length(parameters, at)
                second, at = length(parameters, at)
                pairs.append([parameters[at:at + first].decode(), parameters[at + first:at + first + second].decode()])
                at += first + second
            return pairs, len(body)
        def answer(pairs, body):
            of = dict(pairs)
            path = of['DOCUMENT_URI']
            if name == 'auth' and path in ('/auth/check', '/auth/check/admin'):
                token = of.get('HTTP_AUTHORIZATION')
                if token == 'Bearer ada' or token == 'Bearer stale' and path == '/auth/check':
                    return 204, 'X-User: ada\r\nX-Email: ada@example.com\r\nX-Name: Ada\r\n' \
                        'X-Credential: bearer\r\nX-Form-Token: token\r\nX-Email-Verified: false\r\n' \
                        'X-Session: 0123456789abcdef\r\n', ''
                if of.get('HTTP_AUTHORIZATION') == 'Bearer busy': return 503, 'Retry-After: 5\r\n', ''
                return (403 if 'HTTP_ORIGIN' in of else 401), '', ''
            status = 200
            if path.startswith('/auth/required'): status = 401
            if path == '/auth/refused': status = 403
            if name == 'polar-orders' and of['REQUEST_METHOD'] != 'POST': status = 405
            told = {'program': name, 'parameters': dict(pairs), 'names': sorted(n for n, _ in pairs), 'bytes': body}
            return status, 'Content-Type: application/json\r\nX-Accel-Redirect: /static/x\r\n', json.dumps(told)
        def serve(peer):
            with peer:
                try: status, headers, text = answer(*request(peer))
                except EOFError: return
                output = f'Status: {status}\r\n{headers}\r\n{text}'.encode()
                peer.sendall(struct.pack('>BBHHBB', 1, 6, 1, len(output), 0, 0) + output)
                peer.sendall(struct.pack('>BBHHBB', 1, 3, 1, 8, 0, 0) + bytes(8))
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
        listener = socket.socket(fileno=0)
        while True: threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
        """#
}

/// What a program behind nginx was told.
struct Told {
    let status: Int
    let program: String
    let parameters: JSON
    let names: [String]
    let bytes: Int64

    init(_ answer: HTTPClient.Answer) throws {
        let told = try JSON(answer.body)
        status = answer.status
        program = told["program"]?.string ?? ""
        parameters = told["parameters"] ?? .null
        names = told["names"]?.array?.compactMap(\.string) ?? []
        bytes = told["bytes"]?.integer ?? -1
    }

    subscript(name: String) -> String? { parameters[name]?.string }
}
