private import Glibc
internal import HTTP
private import JSON

/// The FastCGI or CGI parameters of one request on their way to a ``Request``.
struct Parameters {
    enum Reading {
        case request(Request)
        case refused(Problem, requestID: String)
    }

    private var values: [String: String] = [:]
    /// What the client sent as a header, by the name that it has there.
    private var fields: [String: String] = [:]
    private var isMalformed = false

    /// - Parameter entries: C strings up to a null pointer, as libfcgi and the environment have them.
    mutating func add(all entries: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) {
        values.reserveCapacity(32)
        fields.reserveCapacity(16)
        var entry = unsafe entries
        while let text = unsafe entry.pointee {
            unsafe add(UnsafeRawBufferPointer(start: text, count: strlen(text)))
            unsafe entry += 1
        }
    }

    /// - Parameter entry: `NAME=value`. A name that stands twice makes the request malformed: whoever reads the first
    ///   and whoever reads the last would see different requests.
    private mutating func add(_ entry: UnsafeRawBufferPointer) {
        guard let end = unsafe entry.firstIndex(of: UInt8(ascii: "=")) else {
            isMalformed = true
            return
        }
        let (name, value) = unsafe (entry[..<end], entry[(end + 1)...])
        let isNew =
            if unsafe name.starts(with: Self.fieldPrefix) {
                unsafe Self.note(
                    Array(value), as: name.dropFirst(Self.fieldPrefix.count).map(Self.fieldByte), in: &fields,
                    isTheClients: true)
            } else {
                unsafe Self.note(
                    Array(value), as: Array(name), in: &values, isTheClients: name.elementsEqual("REQUEST_URI".utf8))
            }
        if !isNew { isMalformed = true }
    }

    /// - Parameter isTheClients: the value is what the client sent, byte for byte: whatever it holds, nobody else is meant.
    /// - Returns: whether it is text under a name that is new.
    private static func note(
        _ value: [UInt8], as name: [UInt8], in values: inout [String: String], isTheClients: Bool
    ) -> Bool {
        guard let name = String(streamSafe: name),
            // Two users whose names differ in broken bytes must not become one by repairing them.
            let value = String(streamSafe: value) ?? (isTheClients ? unreadable : nil)
        else { return false }
        return values.updateValue(value, forKey: name) == nil
    }

    private static let fieldPrefix = Array("HTTP_".utf8)

    /// `HTTP_IF_NONE_MATCH` is `if-none-match`.
    private static func fieldByte(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "_"): UInt8(ascii: "-")
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
        case _: byte
        }
    }

    /// Stands for a value that is no text: who reads it refuses it, each in its own way.
    private static let unreadable = "\u{FFFD}"

    /// - Parameter body: of that many bytes; nothing of it has been read.
    func reading(_ options: ServeOptions, body: (Int) -> BodyStream) -> Reading {
        let requestID = text("REQUEST_ID")
        guard !isMalformed, let length = contentLength else {
            return .refused(.badRequest("The request is malformed"), requestID: requestID)
        }
        var request = bodiless(requestID)
        let streaming = options.streaming.flatMap { $0.applies(request) ? $0 : nil }
        let limit = streaming?.maximumBodyBytes ?? options.maximumBodyBytes
        guard length <= limit else {
            return .refused(
                Problem(
                    .contentTooLarge, code: "body_too_large", title: "The body is too large",
                    members: [.init("limit_bytes", .integer(Int64(limit)))]), requestID: requestID)
        }
        guard streaming == nil else {
            request.stream = body(length)
            return .request(request)
        }
        guard let whole = body(length).whole() else {
            return .refused(.badRequest("The body was cut short"), requestID: requestID)
        }
        request.body = whole
        return .request(request)
    }

    private func bodiless(_ requestID: String) -> Request {
        Request(
            method: Request.Method(rawValue: text("REQUEST_METHOD")), path: path, query: text("QUERY_STRING"),
            headers: headers, caller: caller, id: requestID, remoteAddress: text("REMOTE_ADDR"),
            originalTarget: text("REQUEST_URI"))
    }

    var method: String { text("REQUEST_METHOD") }

    private func text(_ name: String) -> String { values[name] ?? "" }

    private var contentLength: Int? {
        let digits = text("CONTENT_LENGTH")
        guard !digits.isEmpty else { return 0 }
        guard digits.utf8.count <= 15, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(digits)
    }

    /// nginx's `$document_uri`; a plain CGI server knows the path under other names.
    var path: String {
        if let path = values["DOCUMENT_URI"], !path.isEmpty { return path }
        let path = text("SCRIPT_NAME") + text("PATH_INFO")
        if !path.isEmpty { return path }
        return String(text("REQUEST_URI").prefix { $0 != "?" })
    }

    private var headers: Headers {
        var fields = fields
        if let type = values["CONTENT_TYPE"], !type.isEmpty { fields["content-type"] = type }
        return Headers(lowercased: fields)
    }

    private var caller: Caller? {
        let user = text("REMOTE_USER")
        guard !user.isEmpty else { return nil }
        func given(_ name: String) -> String? { values[name].flatMap { $0.isEmpty ? nil : $0 } }
        return Caller(
            user: user, email: given("REMOTE_EMAIL"), name: given("REMOTE_NAME"),
            // Whatever is not plainly yes is no.
            isEmailVerified: given("REMOTE_EMAIL_VERIFIED").map { $0 == "true" },
            credential: text("REMOTE_CREDENTIAL") == "bearer"
                ? .bearer : .cookie(formToken: text("REMOTE_FORM_TOKEN")),
            session: given("REMOTE_SESSION"))
    }
}

extension Problem {
    fileprivate static func badRequest(_ title: String) -> Problem {
        Problem(.badRequest, code: "bad_request", title: title)
    }
}

extension Response {
    /// As CGI has it: a `Status` field, the others, an empty line, the body.
    ///
    /// Source: https://www.rfc-editor.org/rfc/rfc3875#section-6
    var serialized: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512 + body.count)
        bytes.add("Status", "\(status.rawValue)")
        for (name, value) in headers.sorted { bytes.add(name, value) }
        for cookie in cookies { bytes.add("set-cookie", cookie) }
        // Who states a length of its own means to break off: the simulator does.
        if status != .noContent && status != .notModified && headers["content-length"] == nil {
            bytes.add("content-length", "\(body.count)")
        }
        bytes += "\r\n".utf8
        bytes += body
        return bytes
    }
}

extension [UInt8] {
    /// libfcgi passes on CR and LF: a value from outside could begin a field of its own.
    fileprivate mutating func add(_ name: String, _ value: String) {
        self += name.utf8
        self += ": ".utf8
        self += value.utf8.lazy.filter { $0 >= 0x20 && $0 != 0x7F }
        self += "\r\n".utf8
    }
}
