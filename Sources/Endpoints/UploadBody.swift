internal import Core
internal import HTTP
private import Images

extension Uploading {
    /// Reads the body and lets `body` do something with it. What is not kept by then is gone afterwards.
    func receive(
        _ request: Request, _ body: (UploadBody) throws(RequestError) -> Response
    ) throws(RequestError) -> Response {
        let content: any IncomingBlob
        do throws(BlobError) { content = try dependencies.begin() } catch { throw .notStored(StoreError(error)) }
        let upload = UploadBody(into: content, maximumBytes: dependencies.maximumUploadBytes)
        defer { upload.discard() }
        try upload.read(request)
        return try body(upload)
    }
}

/// What came with one request: a picture, written to the directory of images as it came, and the fields of the form
/// around it. Until it is kept it is nobody's; ``discard()`` takes it away.
final class UploadBody {
    /// The type that its sender says it has.
    private(set) var declared: String?
    let content: any IncomingBlob
    private(set) var fields: [String: String] = [:]

    private let maximumBytes: Int
    private var current = Place.nowhere
    private var hasPicture = false

    /// Where the bytes of the part go that is coming.
    private enum Place {
        case nowhere
        case picture(declared: String?)
        case field(String, [UInt8])
    }

    /// The fields of the page's form; what else a form holds is passed over.
    private static let fieldNames: Set = ["form_token", "idempotency_key"]
    private static let maximumFieldBytes = 4096

    init(into content: any IncomingBlob, maximumBytes: Int) {
        self.content = content
        self.maximumBytes = maximumBytes
    }

    func discard() { content.discard() }

    /// The picture in the body: the body itself, or the field `image` of a form.
    func read(_ request: Request) throws(RequestError) {
        let type = request.headers["content-type"] ?? ""
        guard MediaType.essence(type) == "multipart/form-data" else {
            declared = type
            guard request.content.length <= maximumBytes else { throw .tooLarge(limitBytes: maximumBytes) }
            return try expectWhole(try request.content.read { piece throws(RequestError) in try append(piece) })
        }
        var reader = try Self.readable { () throws(Multipart.Fault) in try MultipartReader(contentType: type) }
        let isWhole = try request.content.read { piece throws(RequestError) in
            let events = try Self.readable { () throws(Multipart.Fault) in try reader.read(piece) }
            for event in events { try take(event) }
        }
        try expectWhole(isWhole)
        try Self.readable { () throws(Multipart.Fault) in try reader.finish() }
        try endField()
        guard hasPicture else { throw .invalid(field: "image", rule: "a picture in the field image") }
    }

    private func expectWhole(_ isWhole: Bool) throws(RequestError) {
        guard isWhole else { throw .malformed("The body was cut short.") }
    }

    private static func readable<Result>(_ body: () throws(Multipart.Fault) -> Result) throws(RequestError) -> Result {
        do { return try body() } catch { throw .malformed("The form could not be read.") }
    }

    private func take(_ event: Multipart.Event) throws(RequestError) {
        switch event {
        case .part(let part):
            try endField()
            begin(part)
        case .bytes(let bytes):
            switch current {
            case .nowhere: break
            case .picture(let type):
                declared = type
                try append(bytes)
            case .field(let name, let begun):
                guard begun.count + bytes.count <= Self.maximumFieldBytes else {
                    throw .malformed("A field of the form is too long.")
                }
                current = .field(name, begun + bytes)
            }
        }
    }

    /// The page has two fields of that name, a file and a photo; browsers send the one left alone as well, empty. So the
    /// first that is not empty counts.
    private func begin(_ part: Multipart.Part) {
        if part.name.utf8.elementsEqual("image".utf8) {
            if !hasPicture { declared = part.contentType }
            hasPicture = true
            current = content.count == 0 ? .picture(declared: part.contentType) : .nowhere
        } else if Self.fieldNames.contains(part.name), fields[part.name] == nil {
            current = .field(part.name, [])
        } else {
            current = .nowhere
        }
    }

    private func endField() throws(RequestError) {
        guard case .field(let name, let bytes) = current else { return }
        current = .nowhere
        guard let text = String(streamSafe: bytes) else {
            throw .malformed("A field of the form is not UTF-8.")
        }
        fields[name] = text
    }

    private func append(_ bytes: ArraySlice<UInt8>) throws(RequestError) {
        guard content.count + bytes.count <= maximumBytes else { throw .tooLarge(limitBytes: maximumBytes) }
        do { try content.append(bytes) } catch { throw .notStored(StoreError(error)) }
    }
}

extension Request {
    /// The same request with the name of the picture's content for a body: what makes two uploads the same is the picture,
    /// and not what a form put around it, which is another each time.
    func about(_ upload: UploadBody) -> Request {
        var request = self
        request.body = Array("\(upload.declared ?? "") \(upload.content.seal().text)".utf8)
        request.stream = nil
        return request
    }
}

extension StoreError {
    /// To whoever uploads, file and row are one.
    init(_ error: BlobError) {
        switch error {
        case .store(let error): self = error
        case .full: self = .full
        case .absent, .tooLarge, .unavailable: self = .unavailable(error.description)
        }
    }
}
