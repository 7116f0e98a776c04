private import CFastCGI
internal import HTTP
private import Threads

/// One request on its connection: read up to its body when it is made, then answered once. Without an answer the
/// connection closes with the last reference.
///
/// One request a connection (`fastcgi_keep_conn off`): with keep-alive, body bytes that nobody read would be taken for
/// the next request, and a client could forge one.
///
/// Sendable because one thread at a time has it. What libfcgi knows of it stays at one address.
@safe final class Exchange: @unchecked Sendable {
    private let raw = UnsafeMutablePointer<FCGX_Request>.allocate(capacity: 1)
    private let start: ContinuousClock.Instant
    private let parameters: Parameters
    private var isOver = false

    var path: String { parameters.path }

    /// `nil` if the connection brings no whole request; it is closed then.
    init?(_ connection: Int32) {
        unsafe raw.initialize(to: FCGX_Request())
        _ = unsafe FCGX_InitRequest(raw, -1, 0)
        // A connection that is there already is used instead of accepting one; `keepConnection` only stops
        // FCGX_Accept_r from closing it first.
        unsafe raw.pointee.ipcFd = connection
        unsafe raw.pointee.keepConnection = 1
        let isWhole = unsafe FCGX_Accept_r(raw) == 0
        var parameters = Parameters()
        if isWhole, let entries = unsafe raw.pointee.envp { unsafe parameters.add(all: entries) }
        self.parameters = parameters
        start = .now
        guard isWhole else {
            isOver = true
            return nil
        }
        unsafe raw.pointee.keepConnection = 0
    }

    deinit {
        if !isOver { unsafe FCGX_Free(raw, 1) }
        unsafe raw.deallocate()
    }

    func answer(_ options: ServeOptions, observe: (Served) -> Void, respond: (Request) -> Response) {
        precondition(!isOver, "A request is answered once")
        let input = unsafe BodyInput(raw.pointee.in)
        let reading = parameters.reading(options) { length in
            BodyStream(length: length) { take in input.read(length, take) }
        }
        let response =
            switch reading {
            case .request(let request): respond(request)
            case .refused(let problem, let requestID): problem.response(requestID: requestID)
            }
        input.end()
        unsafe drain(raw.pointee.in)
        unsafe put(response.serialized, on: raw.pointee.out)
        unsafe FCGX_Finish_r(raw)
        isOver = true
        observe(
            Served(method: parameters.method, status: response.status.rawValue, duration: start.duration(to: .now)))
    }
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
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4096) { scratch in
        let most = Int32(scratch.count)
        for _ in 0..<16_384 {
            guard unsafe FCGX_GetStr(scratch.baseAddress, most, stream) == most else { return }
        }
    }
}

private func put(_ bytes: [UInt8], on stream: UnsafeMutablePointer<FCGX_Stream>?) {
    _ = unsafe bytes.withUnsafeBytes {
        unsafe FCGX_PutStr($0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32($0.count), stream)
    }
}
