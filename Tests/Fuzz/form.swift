import HTTP

/// What was read is the same after it is written and read again.
func fuzz(_ bytes: [UInt8]) {
    guard let form = try? Form(bytes) else { return }
    let written = form.fields
        .map { "\(PercentEncoding.encoded($0.name))=\(PercentEncoding.encoded($0.value))" }.joined(separator: "&")
    guard let again = try? Form(written) else { preconditionFailure("unreadable: \(written)") }
    precondition(again == form)
}
