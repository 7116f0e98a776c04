internal import Core
internal import HTTP
internal import Interface
internal import JSON

/// `/api/v1/admin/settings`.
struct SettingsAPI: Sendable {
    let dependencies: AdminDependencies

    func show(_ request: Request, _: String) throws(RequestError) -> Response {
        let settings = try stored(dependencies.store.settings.current())
        return .json(.ok, BillingSettings.shape.json(settings))
    }

    /// A field that is not named stays as it is; what `GET` answered may be sent back whole. With `version`, only if nobody
    /// changed anything since.
    func change(_ request: Request, _: String) throws(RequestError) -> Response {
        let actor = try request.profile().user
        let sent = SettingsBody(try request.object())
        guard sent.faults.isEmpty else { throw .invalidFields(sent.faults) }
        let outcome = try stored(
            dependencies.store.settings.change(
                sent.change, expectedVersion: sent.version, by: actor.text, at: dependencies.now()))
        dependencies.tell(outcome, by: actor, request)
        switch outcome {
        case .changed(let settings), .unchanged(let settings): return .json(.ok, BillingSettings.shape.json(settings))
        case .stale(let current): throw .refused(.staleSettings(given: sent.version ?? 0, current: current))
        }
    }
}

/// What a client wants the settings to be, with every fault at once.
private struct SettingsBody {
    private(set) var change = SettingsChange()
    private(set) var version: Int64?
    private(set) var faults: [RequestError.FieldFault] = []

    /// Shown, and not for changing: a client may send back what it was given.
    private static let shown = ["currency", "updated_at", "updated_by"]

    init(_ json: JSON) {
        for member in json.members ?? [] {
            if faults.count == Self.maximumFaults { break }
            if let setting = Setting.named(member.name) {
                if !change.set(setting, to: setting.value(of: member.value)) { refuse(member, setting.rule) }
            } else if member.name.utf8.elementsEqual("version".utf8) {
                version = member.value.integer
                if version == nil { refuse(member, "the version that was read, a whole number") }
            } else if !Self.shown.contains(where: { $0.utf8.elementsEqual(member.name.utf8) }) {
                refuse(member, "is no setting")
            }
        }
    }

    /// So many are told that whoever made them by hand sees each.
    private static let maximumFaults = 20

    private mutating func refuse(_ member: JSON.Member, _ rule: String) {
        faults.append(.init(field: member.name, rule: rule))
    }
}
