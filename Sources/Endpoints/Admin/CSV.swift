internal import JSON

/// A table as RFC 4180 has it, safe to open in a spreadsheet.
///
/// Texts are quoted, and one that a spreadsheet would take for a formula begins with an apostrophe; numbers are bare and
/// stay numbers. Sources: https://www.rfc-editor.org/rfc/rfc4180, https://owasp.org/www-community/attacks/CSV_Injection
struct CSV {
    private(set) var bytes: [UInt8]

    init(_ columns: [String]) { bytes = Array((columns.joined(separator: ",") + "\r\n").utf8) }

    mutating func add(_ cells: [JSON]) {
        for (place, cell) in cells.enumerated() {
            if place > 0 { bytes.append(UInt8(ascii: ",")) }
            switch cell {
            case .null: break
            case .integer, .bool, .decimal: bytes += cell.bytes
            case .string(let text): quote(text)
            case .array, .object: quote(cell.text)
            }
        }
        bytes += [0x0D, 0x0A]
    }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        if let first = text.utf8.first, "=+-@\t\r\n".utf8.contains(first) { bytes.append(UInt8(ascii: "'")) }
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") { bytes.append(byte) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
