import Foundation
import TestSupport

/// A file of the repository.
struct SourceFile: Sendable {
    /// From the root of the repository.
    let path: String
    let lines: [String]

    /// The first folder below `Sources`, or the folder below `Tests`.
    var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

    /// The lines with their numbers, without comments and without what stands in quotes.
    let code: [(number: Int, text: String)]

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var isText = false
        code = lines.enumerated().compactMap { index, line in
            // A text over several lines: from one line with three quotes to the next.
            let quotes = line.utf8.contains(0x22) ? line.components(separatedBy: "\"\"\"").count - 1 : 0
            defer { if quotes % 2 == 1 { isText.toggle() } }
            return isText || quotes > 0 ? nil : (index + 1, Self.withoutTexts(line))
        }
    }

    static func withoutComment(_ line: String) -> String {
        line.trimmingCharacters(in: .whitespaces).hasPrefix("//") ? "" : line
    }

    private static func withoutTexts(_ line: String) -> String {
        var kept: [UInt8] = []
        var (isText, isEscaped) = (false, false)
        for byte in line.utf8 {
            if !isText && byte == UInt8(ascii: "/") && kept.last == byte {
                return String(decoding: kept.dropLast(), as: UTF8.self)
            }
            if byte == UInt8(ascii: "\"") && !isEscaped { isText.toggle() } else if !isText { kept.append(byte) }
            isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
        }
        return String(decoding: kept, as: UTF8.self)
    }

    /// The modules that the file imports.
    var imports: [String] {
        lines.compactMap { line in
            guard line.contains("import ") else { return nil }
            return line.firstMatch(of: /^(@testable )?((public|package|internal|fileprivate|private) )?import (\w+)$/)
                .map { String($0.4) }
        }
    }

    /// Every function with the length of its body: `swift format` closes it where its first line begins.
    var functions: [(name: String, length: Int)] {
        lines.indices.compactMap { start in
            let line = lines[start]
            let indentation = line.prefix { $0 == " " }
            let words = line.split(separator: " ")
            guard let keyword = words.firstIndex(where: { $0 == "func" || $0.hasPrefix("init") || $0 == "deinit" }),
                words[..<keyword].allSatisfy(Self.mayStandBefore), !line.hasSuffix("}")
            else { return nil }
            let end = lines[start...].dropFirst().firstIndex { $0.hasPrefix(indentation + "}") }
            let signature = lines[start...].firstIndex { $0.hasSuffix("{") } ?? start
            return end.map { ("\(words[keyword...].joined(separator: " "))", max(0, $0 - signature - 1)) }
        }
    }

    private static func mayStandBefore(_ word: Substring) -> Bool {
        let modifiers = [
            "public", "private", "fileprivate", "internal", "static", "mutating", "consuming", "convenience",
        ]
        return modifiers.contains(String(word)) || word.hasPrefix("@")
    }
}

enum SourceTree {
    static let all = swift(under: "Sources") + swift(under: "Tests") + [file("Package.swift")].compactMap(\.self)
    static let sources = all.filter { $0.path.hasPrefix("Sources/") }

    /// Everything that is text and ours: sources, scripts, configuration, documents.
    static let texts: [SourceFile] = {
        let endings = [
            "swift", "h", "modulemap", "md", "conf", "env", "css", "js", "mustache", "py", "service", "socket", "svg",
        ]
        let folders = ["Sources", "Tests", "deploy", ".ci"]
        return (folders.flatMap(paths) + ["Package.swift", "README.md", "nginx.conf", ".gitignore"]).filter { path in
            let name = path.split(separator: "/").last ?? ""
            return !name.contains(".") || endings.contains { name.hasSuffix(".\($0)") }
        }.compactMap(file)
    }()

    private static func swift(under folder: String) -> [SourceFile] {
        paths(under: folder).filter { $0.hasSuffix(".swift") }.compactMap(file)
    }

    private static func paths(under folder: String) -> [String] {
        let root = "\(Places.repository)/\(folder)"
        return (FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []).sorted()
            .map { "\(folder)/\($0)" }
    }

    private static func file(_ path: String) -> SourceFile? {
        guard let text = try? Places.text(of: "\(Places.repository)/\(path)") else { return nil }
        return SourceFile(path: path, text: text)
    }
}
