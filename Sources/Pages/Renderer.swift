private import Mustache

/// Renders the embedded templates; Mustache escapes whatever stands between two braces.
enum Renderer {
    private static let library: MustacheLibrary = {
        var library = MustacheLibrary()
        let templates: [(String, [UInt8])] = [
            ("layout", PackageResources.layout_mustache), ("buy", PackageResources.buy_mustache),
            ("return", PackageResources.return_mustache), ("account", PackageResources.account_mustache),
            ("message", PackageResources.message_mustache), ("gallery", PackageResources.gallery_mustache),
            ("generation", PackageResources.generation_mustache), ("picture", PackageResources.picture_mustache),
            ("generationActions", PackageResources.generationActions_mustache),
            ("admin", PackageResources.admin_mustache), ("adminForm", PackageResources.adminForm_mustache),
            ("adminTable", PackageResources.adminTable_mustache),
            ("adminChart", PackageResources.adminChart_mustache), ("adminField", PackageResources.adminField_mustache),
        ]
        for (name, bytes) in templates {
            do {
                try library.register(String(decoding: bytes, as: UTF8.self), named: name)
            } catch {
                preconditionFailure("The template \(name) does not parse: \(error)")
            }
        }
        return library
    }()

    static func page(_ name: String, _ model: Any) -> String {
        guard let page = library.render(plain(model) ?? model, withTemplate: name) else {
            preconditionFailure("There is no template \(name)")
        }
        return page
    }

    /// The model as dictionaries: by itself, Mustache looks every name up by reflection, in one model around the other,
    /// which took nearly all of a long page's time. What is absent is left out.
    private static func plain(_ value: Any) -> Any? {
        switch value {
        case is String, is Bool, is Int, is Int64: return value
        case let list as [Any]: return list.compactMap(plain)
        case _: break
        }
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .optional: return mirror.children.first.flatMap { plain($0.value) }
        case .struct:
            var members: [String: Any] = [:]
            for (name, member) in mirror.children { if let name { members[name] = plain(member) } }
            return members
        case _: return value
        }
    }
}
