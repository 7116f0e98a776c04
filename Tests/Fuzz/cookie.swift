import HTTP

/// The first line is a name, the rest the header.
func fuzz(_ bytes: [UInt8]) {
    var header = bytes
    let name = header.takeLine()
    let text = String(decoding: header, as: UTF8.self)
    let cookies = Cookies(header: text)
    for wanted in [name, "__session", ""] {
        guard let value = cookies[wanted] else { continue }
        precondition(!value.contains(";") && text.contains(value))
    }
}
