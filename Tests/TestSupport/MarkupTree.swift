import Foundation

/// The tree that a parser of HTML makes of a page: names of elements and attributes, and where text stands, without its words.
/// The parser is html5lib, which follows the standard as browsers do and shares no code with anything of ours.
///
/// Source: https://html5lib.readthedocs.io/
public enum MarkupTree {
    public static func shapes(of pages: [String]) throws -> [String] {
        let folder = try TemporaryDirectory()
        for (index, page) in pages.enumerated() { try Places.write(page, to: "\(folder.path)/\(index).html") }
        let python = try PyPI.python(with: "html5lib==1.1", named: "html5lib")
        return try pages.indices.map { index in
            let ended = try Program(python).run(
                ["-c", walk, "\(folder.path)/\(index).html"], environment: ["LANG": "C.UTF-8"], within: .seconds(60))
            guard ended.status == 0 else { throw NeverCame(description: ended.errors) }
            return ended.output
        }
    }

    private static let walk = """
        import html5lib, sys
        def tell(node, depth):
            name = node.tag if isinstance(node.tag, str) else "comment"
            print(" " * depth, name, *sorted(map(str, node.attrib)), "text" if (node.text or "").strip() else "")
            for child in node:
                tell(child, depth + 1)
                if (child.tail or "").strip(): print(" " * depth, "text")
        with open(sys.argv[1], "rb") as page:
            tell(html5lib.parse(page.read(), transport_encoding="utf-8", namespaceHTMLElements=False), 0)
        """
}
