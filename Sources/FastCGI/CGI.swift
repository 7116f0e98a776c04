private import Glibc
internal import HTTP

/// Answers the one request that a CGI server puts into the environment and on standard input.
///
/// Source: https://www.rfc-editor.org/rfc/rfc3875
func answerOnce(_ options: ServeOptions, observe: (Served) -> Void, respond: (Request) -> Response) {
    let start = ContinuousClock.now
    var parameters = Parameters()
    unsafe parameters.add(all: environ)
    let response =
        switch parameters.reading(options, body: { BodyStream(length: $0, from: input($0)) }) {
        case .request(let request): respond(request)
        case .refused(let problem, let requestID): problem.response(requestID: requestID)
        }
    writeOutput(response.serialized)
    observe(
        Served(method: parameters.method, status: response.status.rawValue, duration: start.duration(to: .now)))
}

private func input(_ length: Int) -> BodyStream.Source {
    { take in
        var remaining = length
        var piece = [UInt8](repeating: 0, count: min(length, BodyStream.pieceBytes))
        while remaining > 0 {
            let wanted = min(remaining, piece.count)
            let count = unsafe piece.withUnsafeMutableBytes { unsafe read(STDIN_FILENO, $0.baseAddress, wanted) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0, take(piece[..<count]) else { return false }
            remaining -= count
        }
        return true
    }
}

private func writeOutput(_ bytes: [UInt8]) {
    var position = 0
    while position < bytes.count {
        let count = unsafe bytes.withUnsafeBytes {
            unsafe write(STDOUT_FILENO, $0.baseAddress?.advanced(by: position), bytes.count - position)
        }
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return }
        position += count
    }
}
