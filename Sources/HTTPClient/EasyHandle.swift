internal import CCurl

/// One libcurl handle for one call; released with it.
@safe final class EasyHandle {
    private let handle: UnsafeMutableRawPointer
    private var list: UnsafeMutablePointer<curl_slist>?
    private var routes: UnsafeMutablePointer<curl_slist>?

    init() throws(HTTPClientError) {
        guard let handle = unsafe curl_easy_init() else { throw .notSent("libcurl gives no handle") }
        unsafe self.handle = unsafe handle
    }

    deinit {
        unsafe curl_easy_cleanup(handle)
        unsafe curl_slist_free_all(list)
        unsafe curl_slist_free_all(routes)
    }

    func set(_ option: CURLoption, _ value: Int) throws(HTTPClientError) {
        try Self.expectSet(unsafe credits_set_long(handle, option, value))
    }

    func set(_ option: CURLoption, size: Int64) throws(HTTPClientError) {
        try Self.expectSet(unsafe credits_set_size(handle, option, Int(size)))
    }

    func set(_ option: CURLoption, _ value: String) throws(HTTPClientError) {
        try Self.expectSet(unsafe credits_set_text(handle, option, value))
    }

    /// Makes the call a POST until `CURLOPT_CUSTOMREQUEST` says otherwise.
    func setBody(_ bytes: [UInt8]) throws(HTTPClientError) {
        try Self.expectSet(unsafe credits_set_body(handle, bytes, bytes.count))
    }

    func setHeaders(_ lines: [String]) throws(HTTPClientError) {
        for line in lines {
            guard let longer = unsafe curl_slist_append(list, line) else { throw .notSent("no memory") }
            unsafe list = unsafe longer
        }
        try Self.expectSet(unsafe credits_set_list(handle, CURLOPT_HTTPHEADER, list))
    }

    /// - Parameter route: `HOST:PORT:CONNECT-TO-HOST:CONNECT-TO-PORT`; what is empty means any, or the same.
    func setConnectTo(_ route: String) throws(HTTPClientError) {
        guard let longer = unsafe curl_slist_append(routes, route) else { throw .notSent("no memory") }
        unsafe routes = unsafe longer
        try Self.expectSet(unsafe credits_set_list(handle, CURLOPT_CONNECT_TO, routes))
    }

    func perform(into receiver: Receiver) throws(HTTPClientError) -> CURLcode {
        let context = unsafe Unmanaged.passUnretained(receiver).toOpaque()
        try Self.expectSet(unsafe credits_set_receivers(handle, receiveHeader, receiveBody, context))
        return withExtendedLifetime(receiver) { unsafe credits_perform(handle) }
    }

    var status: Int { unsafe credits_status(handle) }

    private static func expectSet(_ code: CURLcode) throws(HTTPClientError) {
        guard code == CURLE_OK else { throw .notSent(HTTPClientError.text(of: code)) }
    }
}

private func receiveHeader(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    unsafe received(bytes, size * count, context) { unsafe $0.takeHeader($1) }
}

private func receiveBody(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    unsafe received(bytes, size * count, context) { unsafe $0.takeBody($1) }
}

/// Another number than the given one makes libcurl end the call.
private func received(
    _ bytes: UnsafeMutablePointer<CChar>?, _ count: Int, _ context: UnsafeMutableRawPointer?,
    take: (Receiver, UnsafeRawBufferPointer) -> Bool
) -> Int {
    guard let context = unsafe context else { return count == 0 ? 1 : 0 }
    let receiver = unsafe Unmanaged<Receiver>.fromOpaque(context).takeUnretainedValue()
    let buffer = unsafe UnsafeRawBufferPointer(start: bytes, count: count)
    guard unsafe take(receiver, buffer) else { return count == 0 ? 1 : 0 }
    return count
}

extension HTTPClientError {
    init(_ code: CURLcode) {
        switch code {
        case CURLE_OPERATION_TIMEDOUT: self = .timedOut
        case CURLE_FILESIZE_EXCEEDED: self = .tooLarge
        // `CURLE_UNSUPPORTED_PROTOCOL` is not among them: the scheme was checked, so it means an answer that is no HTTP.
        case CURLE_URL_MALFORMAT, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT,
            CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CIPHER,
            CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS, CURLE_OUT_OF_MEMORY, CURLE_FAILED_INIT:
            self = .notSent(Self.text(of: code))
        case _: self = .cutShort(Self.text(of: code))
        }
    }

    static func text(of code: CURLcode) -> String {
        guard let text = unsafe curl_easy_strerror(code) else { return "libcurl \(code.rawValue)" }
        return unsafe String(cString: text)
    }
}
