private import Mustache

/// Mustache templates whose variables are escaped by bytes: see `EscapedHTML`.
public struct TemplateLibrary: Sendable {
    private let library: MustacheLibrary

    /// - Parameter sources: UTF-8 text under the name by which templates include each other.
    public init(_ sources: [(name: String, bytes: [UInt8])]) throws(TemplateFault) {
        MustacheContentTypes.register(EscapedHTML(), named: EscapedHTML.name)
        var library = MustacheLibrary()
        for (name, bytes) in sources {
            // In each of them: a part that is included starts again with what Mustache thinks is HTML.
            let source = "{{% CONTENT_TYPE: \(EscapedHTML.name) }}\n" + String(decoding: bytes, as: UTF8.self)
            do { try library.register(source, named: name) } catch {
                throw TemplateFault(name: name, reason: "\(error)")
            }
        }
        self.library = library
    }

    /// Of templates that are compiled in: one that does not parse ends the program.
    public init(embedded sources: [(name: String, bytes: [UInt8])]) {
        do throws(TemplateFault) { try self.init(sources) } catch { preconditionFailure("\(error)") }
    }

    /// - Parameter values: dictionaries, lists, texts, numbers and truth values.
    public func render(_ name: String, _ values: Any) -> String {
        guard let text = library.render(values, withTemplate: name) else {
            preconditionFailure("There is no template \(name)")
        }
        return text
    }
}

/// A template that does not parse.
public struct TemplateFault: Error, CustomStringConvertible {
    public let name: String
    public let reason: String
    public var description: String { "\(name): \(reason)" }
}
