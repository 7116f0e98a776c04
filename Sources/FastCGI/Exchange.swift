private import CFastCGI
internal import HTTP

/// Reads one request from the connection, answers it, closes the connection.
///
/// One request a connection (`fastcgi_keep_conn off`): with keep-alive, body bytes that nobody read would be taken for
/// the next request, and a client could forge one.
func answer(_ connection: Int32, maximumBodyBytes: Int, respond: (Request) -> Response) {
    var exchange = unsafe FCGX_Request()
    _ = unsafe FCGX_InitRequest(&exchange, -1, 0)
    // A connection that is there already is used instead of accepting one; `keepConnection` only stops
    // FCGX_Accept_r from closing it first.
    unsafe exchange.ipcFd = connection
    unsafe exchange.keepConnection = 1
    guard unsafe FCGX_Accept_r(&exchange) == 0 else { return }
    unsafe exchange.keepConnection = 0

    let response =
        switch unsafe reading(exchange, maximumBodyBytes: maximumBodyBytes) {
        case .request(let request): respond(request)
        case .refused(let problem, let requestID): problem.response(requestID: requestID)
        }
    unsafe drain(exchange.in)
    unsafe put(response.serialized, on: exchange.out)
    unsafe FCGX_Finish_r(&exchange)
}

private func reading(_ exchange: FCGX_Request, maximumBodyBytes: Int) -> Parameters.Reading {
    var parameters = Parameters()
    if let entries = unsafe exchange.envp { unsafe parameters.add(all: entries) }
    return parameters.reading(maximumBodyBytes: maximumBodyBytes) { length in
        var body = [UInt8](repeating: 0, count: length)
        let received = unsafe body.withUnsafeMutableBytes {
            unsafe FCGX_GetStr($0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32($0.count), exchange.in)
        }
        // A body that ends early and one that breaks look alike but for the error.
        return unsafe received == length && FCGX_GetError(exchange.in) == 0 ? body : nil
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
