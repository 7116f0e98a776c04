import HTTP

/// The first line is the content type, then a byte that says how long the pieces are, the rest is the body.
func fuzz(_ bytes: [UInt8]) {
    var body = bytes
    let type = body.takeLine()
    let pieceBytes = Int(body.popLast() ?? 0) + 1
    let whole = Told(body, type, pieceBytes: max(body.count, 1))
    precondition(whole == Told(body, type, pieceBytes: pieceBytes), "the pieces make a difference")
    precondition(whole.parts.count <= Multipart.maximumParts && whole.bytes.count <= body.count)
}

/// What a reader told of a body.
private struct Told: Equatable {
    var fault: Multipart.Fault?
    var parts: [Multipart.Part] = []
    var bytes: [UInt8] = []
    /// Where each part's bytes end.
    var ends: [Int] = []

    init(_ body: [UInt8], _ type: String, pieceBytes: Int) {
        do throws(Multipart.Fault) {
            var reader = try MultipartReader(contentType: type)
            var rest = body[...]
            while !rest.isEmpty {
                for event in try reader.read(rest.prefix(pieceBytes)) { take(event) }
                rest = rest.dropFirst(pieceBytes)
            }
            try reader.finish()
        } catch {
            // How far it came depends on the pieces.
            (fault, parts, bytes, ends) = (error, [], [], [])
        }
    }

    private mutating func take(_ event: Multipart.Event) {
        switch event {
        case .part(let part):
            parts.append(part)
            ends.append(bytes.count)
        case .bytes(let more):
            precondition(!parts.isEmpty && !more.isEmpty)
            bytes += more
            ends[ends.count - 1] = bytes.count
        }
    }
}
