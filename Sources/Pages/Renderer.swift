private import Templates

/// Renders the embedded templates.
enum Renderer {
    static let templates: [(name: String, bytes: [UInt8])] = [
        ("layout", PackageResources.layout_mustache), ("buy", PackageResources.buy_mustache),
        ("return", PackageResources.return_mustache), ("account", PackageResources.account_mustache),
        ("message", PackageResources.message_mustache), ("gallery", PackageResources.gallery_mustache),
        ("generation", PackageResources.generation_mustache), ("picture", PackageResources.picture_mustache),
        ("generationActions", PackageResources.generationActions_mustache),
        ("admin", PackageResources.admin_mustache), ("adminForm", PackageResources.adminForm_mustache),
        ("adminTable", PackageResources.adminTable_mustache),
        ("adminChart", PackageResources.adminChart_mustache), ("adminField", PackageResources.adminField_mustache),
    ]

    private static let library = TemplateLibrary(embedded: templates)

    static func page(_ name: String, _ model: Any) -> String { rendered(name, plain(model) ?? model) }

    static func rendered(_ name: String, _ values: Any) -> String {
        guard let read = LiveSources.read else { return library.render(name, values) }
        do throws(TemplateFault) {
            let now = templates.map { ($0.name, read("Sources/Pages/Templates/\($0.name).mustache") ?? $0.bytes) }
            return try TemplateLibrary(now).render(name, values)
        } catch {
            let page = MessagePage("A template does not parse", "\(error)")
            return library.render("message", plain(page) ?? page)
        }
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
