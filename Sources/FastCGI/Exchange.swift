private import CFastCGI
internal import HTTP
private import Threads

/// Reads one request from the connection, answers it, closes the connection.
///
/// One request a connection (`fastcgi_keep_conn off`): with keep-alive, body bytes that nobody read would be taken for
/// the next request, and a client could forge one.
func answer(
    _ connection: Int32, _ options: ServeOptions, observe: (Served) -> Void, respond: (Request) -> Response
) {
    var exchange = unsafe FCGX_Request()
    _ = unsafe FCGX_InitRequest(&exchange, -1, 0)
    // A connection that is there already is used instead of accepting one; `keepConnection` only stops
    // FCGX_Accept_r from closing it first.
    unsafe exchange.ipcFd = connection
    unsafe exchange.keepConnection = 1
    guard unsafe FCGX_Accept_r(&exchange) == 0 else { return }
    unsafe exchange.keepConnection = 0

    let start = ContinuousClock.now
    var parameters = Parameters()
    if let entries = unsafe exchange.envp { unsafe parameters.add(all: entries) }
    let input = unsafe BodyInput(exchange.in)
    let reading = parameters.reading(options) { length in
        BodyStream(length: length) { take in input.read(length, take) }
    }
    let response =
        switch reading {
        case .request(let request): respond(request)
        case .refused(let problem, let requestID): problem.response(requestID: requestID)
        }
    input.end()
    unsafe drain(exchange.in)
    unsafe put(response.serialized, on: exchange.out)
    unsafe FCGX_Finish_r(&exchange)
    observe(
        Served(method: parameters.method, status: response.status.rawValue, duration: start.duration(to: .now)))
}

/// The body of one request as libfcgi hands it on. Whoever keeps it longer than the request lasts reads nothing.
@safe private final class BodyInput: Sendable {
    private let stream: Monitor<UnsafeMutablePointer<FCGX_Stream>?>

    init(_ stream: UnsafeMutablePointer<FCGX_Stream>?) { unsafe self.stream = Monitor(stream) }

    func end() { unsafe stream.withLock { unsafe $0 = nil } }

    /// - Returns: whether so many bytes came and were taken.
    func read(_ length: Int, _ take: (ArraySlice<UInt8>) -> Bool) -> Bool {
        var remaining = length
        var piece = [UInt8](repeating: 0, count: min(length, BodyStream.pieceBytes))
        while remaining > 0 {
            let wanted = min(remaining, piece.count)
            guard fill(&piece, wanted), take(piece[..<wanted]) else { return false }
            remaining -= wanted
        }
        return true
    }

    private func fill(_ piece: inout [UInt8], _ count: Int) -> Bool {
        unsafe stream.withLock { stream in
            guard let stream = unsafe stream else { return false }
            let received = unsafe piece.withUnsafeMutableBytes {
                unsafe FCGX_GetStr($0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(count), stream)
            }
            // A body that ends early and one that breaks look alike but for the error.
            return unsafe received == count && FCGX_GetError(stream) == 0
        }
    }
}

/// Takes what nginx still wants to send, so that closing does not reset the connection under our answer.
private func drain(_ stream: UnsafeMutablePointer<FCGX_Stream>?) {
    var scratch = [CChar](repeating: 0, count: 65_536)
    for _ in 0..<1024 {
        guard unsafe FCGX_GetStr(&scratch, Int32(scratch.count), stream) == Int32(scratch.count) else { return }
    }
}

private func put(_ bytes: [UInt8], on stream: UnsafeMutablePointer<FCGX_Stream>?) {
    _ = unsafe bytes.withUnsafeBytes {
        unsafe FCGX_PutStr($0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32($0.count), stream)
    }
}
