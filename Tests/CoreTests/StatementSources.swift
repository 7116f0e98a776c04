import Foundation
import TestSupport

/// The statements of SQL that stand in the program's text, each as its fixed parts between what is put in.
struct StatementSource: CustomStringConvertible {
    let file: String
    let parts: [String]

    var description: String { "\(file): \(parts.joined(separator: " … "))" }

    /// Whether a statement that was run is this one.
    func made(_ sql: String) -> Bool {
        var rest = Self.normal(sql)[...]
        for part in parts where !part.isEmpty {
            guard let found = rest.range(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return true
    }

    /// With one space where there are many.
    static func normal(_ sql: String) -> String { sql.split(whereSeparator: \.isWhitespace).joined(separator: " ") }

    /// All below the folder, but those of the files left out.
    static func all(below folder: String, without left: (String) -> Bool) throws -> [StatementSource] {
        let root = "\(Places.repository)/\(folder)"
        let names = try FileManager.default.subpathsOfDirectory(atPath: root)
        return try names.filter { $0.hasSuffix(".swift") && !left($0) }.sorted().flatMap { name in
            try texts(in: Places.text(of: "\(root)/\(name)")).map { StatementSource(file: name, parts: $0) }
        }
    }

    // One that begins with SET is put into an UPDATE.
    private static let beginnings = ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "WITH ", "SET "]

    private static func texts(in source: String) -> [[String]] {
        // `swift format` leaves no comment behind code, so that a quote is a text's.
        let code = source.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.drop { $0 == " " }.hasPrefix("//") ? "" : String($0) }.joined(separator: "\n")
        let long = code.components(separatedBy: #"""""#)
        return long.enumerated().flatMap { index, text -> [String] in
            index.isMultiple(of: 2) ? shortTexts(in: text) : [text.replacing("\\\n", with: " ")]
        }.map { normal($0) }.filter { text in beginnings.contains { text.hasPrefix($0) } }.map(parts)
    }

    /// Those in single quotes: one that holds another, in what is put in, is cut there.
    private static func shortTexts(in code: String) -> [String] {
        code.split(separator: "\n").flatMap { line in
            line.components(separatedBy: "\"").enumerated().filter { !$0.offset.isMultiple(of: 2) }.map(\.element)
        }
    }

    private static func parts(of text: String) -> [String] {
        var parts: [String] = []
        var rest = text[...]
        while let start = rest.range(of: "\\(") {
            parts.append(rest[..<start.lowerBound].trimmingCharacters(in: .whitespaces))
            rest = rest[start.upperBound...]
            var depth = 1
            while depth > 0, let character = rest.popFirst() {
                if character == "(" { depth += 1 }
                if character == ")" { depth -= 1 }
            }
        }
        return parts + [rest.trimmingCharacters(in: .whitespaces)]
    }
}
