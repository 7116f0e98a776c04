import HTTP
import Interface
import JSON
import Testing

@testable import Core
@testable import Endpoints

/// Who may use the admin's addresses, and what they may set.
@Suite struct AdminSettingsTests {
    let office: AdminOffice
    init() throws { office = try AdminOffice() }

    private func put(_ body: String, as user: String? = "root") -> Response {
        office.send(.put, "/api/v1/admin/settings", as: user, body: body)
    }

    @Test func onlyAnAdminReadsOrChangesAnything() throws {
        let before = try office.store.settings.current()
        for method in [Request.Method.get, .put] {
            let nobody = office.send(method, "/api/v1/admin/settings", as: nil, body: #"{"credits_per_pack":500}"#)
            #expect(nobody.status == .unauthorized)
            let user = office.send(method, "/api/v1/admin/settings", as: "ada", body: #"{"credits_per_pack":500}"#)
            #expect(user.status == .forbidden && user.json["code"] == "not_admin")
        }
        #expect(try office.store.settings.current() == before)
        #expect(office.send(.get, "/api/v1/admin/settings").status == .ok)
    }

    @Test func aRightThatWasTakenAwayEndsWithTheNextRequest() throws {
        _ = try office.store.admins.grant(to: office.user("eve"), by: "root", at: office.now)
        #expect(office.send(.get, "/api/v1/admin/settings", as: "eve").status == .ok)
        _ = try office.store.admins.revoke(from: office.user("eve"), by: "root", at: office.now)
        #expect(office.send(.get, "/api/v1/admin/settings", as: "eve").status == .forbidden)
    }

    @Test func anybodyOnThisMachineMayAskWhetherItIsAlive() {
        #expect(office.send(.get, "/healthz/admin", as: nil).status == .ok)
    }

    @Test func theSettingsAreShownAndChanged() throws {
        let old = office.get("settings")
        #expect(old["pack_price_cents"] == 500 && old["version"] == 1 && old["updated_by"] == nil)
        let changed = put(#"{"pack_price_cents":700,"credits_per_pack":500,"refund_on_failure":false,"version":1}"#)
        #expect(changed.status == .ok && changed.json == office.get("settings"))
        #expect(changed.json["pack_price_cents"] == 700 && changed.json["refund_on_failure"] == false)
        #expect(changed.json["free_trial_credits"] == 10 && changed.json["version"] == 2)
        #expect(changed.json["updated_by"] == "root")
        #expect(office.lines.map(\.event) == ["settings.changed"])
        // What was answered may be sent back whole, and changes nothing.
        let again = put(changed.json.text)
        #expect(again.status == .ok && again.json["version"] == 2)
    }

    @Test(arguments: [
        (#""pack_price_cents":49"#, #""pack_price_cents":50"#),
        (#""pack_price_cents":1000001"#, #""pack_price_cents":1000000"#),
        (#""credits_per_pack":0"#, #""credits_per_pack":1"#),
        (#""credits_per_pack":1000001"#, #""credits_per_pack":1000000"#),
        (#""free_trial_credits":-1"#, #""free_trial_credits":0"#),
        (#""free_trial_credits":10001"#, #""free_trial_credits":10000"#),
        (#""refund_on_failure":0"#, #""refund_on_failure":false"#),
        (#""pack_price_cents":"500""#, #""pack_price_cents":501"#),
        (#""pack_price_cents":5e2"#, #""pack_price_cents":502"#), (#""pack_price_cents":null"#, ""),
    ])
    func eachSettingHasItsBounds(_ beyond: String, _ within: String) throws {
        let refused = put("{\(beyond)}")
        #expect(refused.status == .unprocessableContent && refused.json["code"] == "invalid_fields")
        #expect(refused.json["errors"]?.array?.count == 1)
        #expect(try office.store.settings.current().version == 1)
        #expect(put("{\(within)}").status == .ok)
    }

    @Test func everyFaultIsNamedAtOnceAndNothingIsChanged() throws {
        let refused = put(
            #"{"pack_price_cents":49,"credits_per_pack":"x","refund_on_failure":1,"free_trial_credits":10001,"price":1}"#
        )
        let fields = refused.json["errors"]?.array?.compactMap { $0["field"]?.string }
        #expect(
            fields == [
                "pack_price_cents", "credits_per_pack", "refund_on_failure", "free_trial_credits", "price",
            ])
        #expect(refused.json["errors"]?.array?.first?["rule"] == "a whole number from 50 to 1000000")
        #expect(try office.store.settings.current().version == 1)
    }

    @Test func ofManyFaultsSoManyAreNamedAsAnybodyReads() throws {
        for (count, named) in [(20, 20), (21, 20), (500, 20)] {
            let body = "{\((0..<count).map { "\"a\($0)\":1" }.joined(separator: ","))}"
            #expect(put(body).json["errors"]?.array?.count == named)
        }
    }

    @Test func whatWasReadBeforeSomebodyChangedItIsRefusedWithBothVersions() throws {
        #expect(put(#"{"credits_per_pack":500,"version":1}"#).status == .ok)
        let stale = put(#"{"credits_per_pack":600,"version":1}"#)
        #expect(stale.status == .conflict && stale.json["code"] == "stale_settings")
        #expect(stale.json["given_version"] == 1 && stale.json["current_version"] == 2)
        #expect(stale.json["current"]?["credits_per_pack"] == 500)
        #expect(try office.store.settings.current().creditsPerPack == 500)
        #expect(put(#"{"credits_per_pack":600,"version":2}"#).status == .ok)
    }

    @Test func theDescriptionHasEverySettingAndItsBounds() throws {
        let schemas = Description.json["components"]?["schemas"]
        for schema in ["Settings", "SettingsChange"] {
            let properties = try #require(schemas?[schema]?["properties"]?.members)
            for setting in Setting.table {
                let described = try #require(properties.first { $0.name == setting.name }?.value, "\(setting.name)")
                guard setting.unit != .yesNo else { #expect(described["type"] == "boolean"); continue }
                #expect(described["minimum"] == .integer(setting.bounds.lowerBound), "\(setting.name)")
                #expect(described["maximum"] == .integer(setting.bounds.upperBound), "\(setting.name)")
            }
            let others = Set(properties.map(\.name)).subtracting(Setting.table.map(\.name))
            #expect(others == ["currency", "version", "updated_at", "updated_by"])
        }
    }

    @Test(arguments: ["", "[]", "{", "7"])
    func aBodyThatIsNoObjectIsRefused(_ body: String) {
        #expect(put(body).status == .badRequest)
    }

    @Test func aPathMayHoldANameWithSlashes() {
        let route = PathPattern("/users/{id*}/adjustments")
        #expect(route.match("/users/ada/adjustments") == "ada")
        #expect(route.match("/users/a/b/adjustments") == "a/b")
        #expect(route.match("/users//adjustments") == nil && route.match("/users/ada") == nil)
        let single = PathPattern("/users/{id}/adjustments")
        #expect(single.match("/users/a/b/adjustments") == nil && single.match("/users/a/adjustments") == "a")
    }
}
