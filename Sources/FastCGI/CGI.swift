private import Glibc
internal import HTTP

/// Answers the one request that a CGI server puts into the environment and on standard input.
///
/// Source: https://www.rfc-editor.org/rfc/rfc3875
func answerOnce(maximumBodyBytes: Int, respond: (Request) -> Response) {
    var parameters = Parameters()
    unsafe parameters.add(all: environ)
    let response =
        switch parameters.reading(maximumBodyBytes: maximumBodyBytes, body: readInput) {
        case .request(let request): respond(request)
        case .refused(let problem, let requestID): problem.response(requestID: requestID)
        }
    writeOutput(response.serialized)
}

private func readInput(_ length: Int) -> [UInt8]? {
    var body = [UInt8](repeating: 0, count: length)
    var position = 0
    while position < length {
        let count = unsafe body.withUnsafeMutableBytes {
            unsafe read(STDIN_FILENO, $0.baseAddress?.advanced(by: position), length - position)
        }
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return nil }
        position += count
    }
    return body
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
