import Foundation

/// A server on a port of 127.0.0.1 that misbehaves as its path says; ends with its owner.
final class RudeServer: Sendable {
    let url: String
    private let process: Process
    private let input = Pipe()

    init() throws {
        process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", Self.program]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let port = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        url = "http://127.0.0.1:\(port.trimmingCharacters(in: .whitespacesAndNewlines))"
    }

    /// The program ends when its standard input does.
    deinit { try? input.fileHandleForWriting.close() }

    /// Raw sockets: no library may repair what these answers break.
    private static let program = """
        import os, socket, sys, threading, time
        def serve(peer):
            data = b''
            while b'\\r\\n\\r\\n' not in data:
                more = peer.recv(65536)
                if not more or more[0] == 0x16: return  # 0x16 begins TLS, which is not spoken here
                data += more
            head, _, body = data.partition(b'\\r\\n\\r\\n')
            for line in head.split(b'\\r\\n'):
                if line.lower().startswith(b'content-length:'):
                    while len(body) < int(line.split(b':')[1]): body += peer.recv(65536)
            path = head.split(b' ')[1].decode()
            start = b'HTTP/1.1 200 OK\\r\\n'
            def answer(text, body=b''):
                peer.sendall(text + b'Content-Length: %d\\r\\n\\r\\n' % len(body) + body)
            if path == '/echo': answer(start, head + b'\\n\\n' + body)
            elif path == '/redirect': answer(b'HTTP/1.1 307 Elsewhere\\r\\nLocation: /echo\\r\\n')
            elif path == '/busy': answer(b'HTTP/1.1 429 Wait\\r\\nRetry-After: 60\\r\\nX-Two: a\\r\\nx-two:  b \\r\\n')
            elif path == '/early': answer(b'HTTP/1.1 103 Early\\r\\nLink: x\\r\\n\\r\\n' + start, b'late')
            elif path == '/half': peer.sendall(start + b'Content-Length: 100\\r\\n\\r\\n0123456789')
            elif path == '/half-chunk': peer.sendall(start + b'Transfer-Encoding: chunked\\r\\n\\r\\n64\\r\\n0123456789')
            elif path == '/nothing': pass
            elif path == '/nonsense': peer.sendall(b'I am no HTTP\\r\\n\\r\\n')
            elif path == '/silent': time.sleep(30)
            elif path == '/drip':
                peer.sendall(start + b'Content-Length: 1000\\r\\n\\r\\n')
                for _ in range(1000): peer.sendall(b'.'); time.sleep(0.05)
            elif path == '/large': answer(start, b'x' * 200001)
            elif path == '/large-unsaid':
                peer.sendall(start + b'Connection: close\\r\\n\\r\\n')
                for _ in range(3000): peer.sendall(b'x' * 100)
            elif path == '/large-head': answer(start + b'X: %s\\r\\n' % (b'x' * 1000) * 90)
            elif path == '/exact': answer(start, b'x' * 200000)
        def guarded(peer):
            with peer:
                try: serve(peer)
                except OSError: pass
        listener = socket.create_server(('127.0.0.1', 0))
        threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
        print(listener.getsockname()[1], flush=True)
        while True: threading.Thread(target=guarded, args=(listener.accept()[0],), daemon=True).start()
        """
}
