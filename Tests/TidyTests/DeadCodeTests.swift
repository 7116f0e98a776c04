import Foundation
import TestSupport
import Testing

/// What nobody names is needless. A word is taken for a use wherever it stands, so what is found is dead indeed, and some
/// of what is dead is not found.
@Suite struct DeadCodeTests {
    /// Named by nobody here, and called all the same.
    private static let calledByOthers: Set = [
        // By Mustache, through its protocol.
        "escapeText",
        // By the debugger and `dump`, so that a secret stays one there.
        "debugDescription",
        // By the tests, which have one kernel and mean them all.
        "asOf",
    ]

    private static let words = {
        let templates = SourceTree.texts.filter { $0.path.hasSuffix(".mustache") }.flatMap(\.lines)
        // Interpolations are code too, so texts count as well.
        let sources = SourceTree.sources.flatMap(\.lines).map(SourceFile.withoutComment)
        var counts: [Substring: Int] = [:]
        for line in templates + sources { for word in words(in: line) { counts[word, default: 0] += 1 } }
        return counts
    }()

    private static func words(in line: String) -> [Substring] {
        line.utf8.split { !(0x30...0x39 ~= $0 || 0x41...0x5A ~= $0 || 0x61...0x7A ~= $0 || $0 == 0x5F) }
            .map(Substring.init)
    }

    /// What a line declares, if it begins a declaration. A case may be named by whoever sends its raw value.
    private static func declared(by line: String) -> Substring? {
        let keywords: Set<Substring> = [
            "func", "var", "let", "struct", "class", "enum", "protocol", "typealias", "case",
        ]
        let words = words(in: line)
        guard let place = words.firstIndex(where: keywords.contains), place + 1 < words.count else { return nil }
        return words[place + 1]
    }

    @Test func everythingThatIsDeclaredIsNamedSomewhereElse() {
        #expect(Self.words.count > 2000)
        let found = SourceTree.sources.flatMap { file in
            file.code.compactMap { number, text -> String? in
                guard !text.contains("case "), let name = Self.declared(by: text), Self.words[name] == 1,
                    !Self.calledByOthers.contains(String(name))
                else { return nil }
                return "\(file.path):\(number): \(name)"
            }
        }
        #expect(found == [])
    }

    @Test func everyImportedModuleIsNamedOrUsed() {
        var declared: [String: Set<Substring>] = [:]
        for file in SourceTree.sources {
            for (_, text) in file.code {
                if let name = Self.declared(by: text) { declared[file.target, default: []].insert(name) }
            }
        }
        let found = SourceTree.all.flatMap { file -> [String] in
            let used = Set(
                file.lines.filter { !$0.hasPrefix("import ") && !$0.contains(" import ") }.flatMap(Self.words))
            return file.imports.compactMap { module in
                guard let names = declared[module], names.isDisjoint(with: used) else { return nil }
                return "\(file.path) imports \(module)"
            }
        }
        #expect(found == [])
    }
}
