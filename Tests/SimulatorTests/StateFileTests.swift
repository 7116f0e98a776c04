import Foundation
import HTTP
import JSON
import TestSupport
import Testing

@testable import polar_simulator

@Suite struct StateFileTests {
    @Test func whatWasSoldOutlivesTheProcess() throws {
        let file = "\(try Places.temporaryDirectory())/state.json"
        defer { try? FileManager.default.removeItem(atPath: (file as NSString).deletingLastPathComponent) }
        let before = try Playing(["SIMULATOR_STATE": file])
        let order = try before.sold(to: "ada")
        before.simulator.save()
        let after = try Playing(["SIMULATOR_STATE": file])
        let found = after.api(.get, "/v1/orders/\(order["id"]?.string ?? "")").json
        #expect(found.text == order.text)
        #expect(try after.events() == before.events())
        #expect(try after.checkout(for: "ada")["customer_id"] == order["customer_id"])
    }

    @Test func aStateThatCannotBeReadIsBegunAnew() throws {
        let file = "\(try Places.temporaryDirectory())/state.json"
        defer { try? FileManager.default.removeItem(atPath: (file as NSString).deletingLastPathComponent) }
        try Data("{}".utf8).write(to: URL(fileURLWithPath: file))
        #expect(try Playing(["SIMULATOR_STATE": file]).events().isEmpty)
    }
}
