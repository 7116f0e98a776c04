import HTTP

/// The first line is the content type, the rest the body.
func fuzz(_ bytes: [UInt8]) {
    var body = bytes
    let type = body.takeLine()
    guard let form = try? Multipart(body: body, contentType: type) else { return }
    precondition(form.parts.count <= Multipart.maximumParts)
    var position = 0
    for part in form.parts {
        precondition(part.bytes.startIndex >= position && part.bytes.endIndex < body.count)
        position = part.bytes.endIndex
    }
}
