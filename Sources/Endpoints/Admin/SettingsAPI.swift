internal import Core
internal import HTTP
internal import JSON

/// `/api/v1/admin/settings`.
struct SettingsAPI: Sendable {
    private let dependencies: AdminDependencies

    init(_ dependencies: AdminDependencies) { self.dependencies = dependencies }

    func show(_ request: Request, _: String) throws(RequestError) -> Response {
        .json(.ok, try stored { () throws(StoreError) in try dependencies.store.settings() }.json)
    }

    /// A field that is not named stays as it is; what `GET` answered may be sent back whole. With `version`, only if nobody
    /// changed anything since.
    func change(_ request: Request, _: String) throws(RequestError) -> Response {
        let actor = try request.profile().user
        let sent = SettingsBody(try request.object())
        guard sent.faults.isEmpty else { throw .invalidFields(sent.faults) }
        let outcome = try stored { () throws(StoreError) in
            try dependencies.store.changeSettings(
                sent.change, expectedVersion: sent.version, by: actor.text, at: dependencies.now())
        }
        switch outcome {
        case .changed(let settings):
            let facts: [String: any LogValue] = ["user.id": actor, "settings.version": settings.version]
            dependencies.log(LogLine(.notice, "settings.changed", facts).of(request: request.id))
            return .json(.ok, settings.json)
        case .unchanged(let settings): return .json(.ok, settings.json)
        case .outOfBounds(let faults):
            throw .invalidFields(faults.map { .init(field: $0.name, rule: $0.bounds.rule) })
        case .stale(let current): throw .refused(.staleSettings(given: sent.version ?? 0, current: current))
        }
    }
}

/// What a client wants the settings to be, with every fault at once.
private struct SettingsBody {
    private(set) var change = SettingsChange()
    private(set) var version: Int64?
    private(set) var faults: [RequestError.FieldFault] = []

    private enum Name: String, CaseIterable {
        case packPriceCents = "pack_price_cents"
        case creditsPerPack = "credits_per_pack"
        case freeTrialCredits = "free_trial_credits"
        case refundOnFailure = "refund_on_failure"
        case version, currency
        case updatedAt = "updated_at"
        case updatedBy = "updated_by"
    }

    init(_ json: JSON) {
        for member in json.members ?? [] {
            if faults.count == Self.maximumFaults { break }
            switch Name.allCases.first(where: { $0.rawValue.utf8.elementsEqual(member.name.utf8) }) {
            case .packPriceCents:
                change.packPriceCents = whole(member, in: BillingSettings.packPriceBounds)
            case .creditsPerPack:
                change.creditsPerPack = whole(member, in: BillingSettings.creditsBounds)
            case .freeTrialCredits:
                change.freeTrialCredits = whole(member, in: BillingSettings.trialBounds)
            case .refundOnFailure:
                change.refundOnFailure = member.value.bool
                if member.value.bool == nil { refuse(member, "true or false") }
            case .version:
                version = member.value.integer
                if version == nil { refuse(member, "the version that was read, a whole number") }
            // Shown, and not for changing: a client may send back what it was given.
            case .currency, .updatedAt, .updatedBy: break
            case nil: refuse(member, "is no setting")
            }
        }
    }

    private mutating func whole(_ member: JSON.Member, in bounds: ClosedRange<Int64>) -> Int64? {
        guard let value = member.value.integer, bounds.contains(value) else {
            refuse(member, bounds.rule)
            return nil
        }
        return value
    }

    /// So many are told that whoever made them by hand sees each.
    private static let maximumFaults = 20

    private mutating func refuse(_ member: JSON.Member, _ rule: String) {
        faults.append(.init(field: member.name, rule: rule))
    }
}

extension ClosedRange<Int64> {
    var rule: String { "a whole number from \(lowerBound) to \(upperBound)" }
}

extension BillingSettings {
    var json: JSON {
        [
            "pack_price_cents": .integer(packPriceCents), "credits_per_pack": .integer(creditsPerPack),
            "refund_on_failure": .bool(refundOnFailure), "free_trial_credits": .integer(freeTrialCredits),
            "currency": .string(currency), "version": .integer(version), "updated_at": .optional(updatedAt?.rfc3339),
            "updated_by": .optional(updatedBy),
        ]
    }
}
