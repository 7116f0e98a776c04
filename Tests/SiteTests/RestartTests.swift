import Foundation
import HTTPClient
import Synchronization
import TestSupport
import Testing

/// What a restart costs those who are being served: nothing.
@Suite(.serialized) struct RestartTests {
    static let product = "6a1f2c9e-5a6b-4f0e-9d7a-0c1f5b3a2e41"

    @Test(arguments: ["polar-orders", "checkout", "auth", "generations", "admin"])
    func aGentleRestartUnderLoadFailsNoRequest(_ name: String) throws {
        let site = try Site(["POLAR_PRODUCT_ID": Self.product])
        let token = try site.token("ada")
        _ = try site.creditctl("admin", "grant", "ada")
        let path = ["generations": "/api/v1/generations", "admin": "/api/v1/admin/settings"][name] ?? "/api/v1/credits"
        let isOver = Mutex(false)
        let failures = Collected()
        let count = Mutex(0)
        let group = DispatchGroup()
        for _ in 0..<6 {
            DispatchQueue.global().async(group: group) {
                while !isOver.withLock({ $0 }) {
                    let answer =
                        name == "polar-orders"
                        ? try? site.deliver(OrderEvent(product: Self.product).body)
                        : try? site.send("GET", path, headers: [("Authorization", "Bearer \(token)")])
                    count.withLock { $0 += 1 }
                    if ![200, 202].contains(answer?.status) { failures.add(answer?.status) }
                }
            }
        }
        for round in 1...5 {
            let before = count.withLock { $0 }
            try site.restart(name)
            try eventually("load goes on after restart \(round)") { count.withLock { $0 } > before + 20 }
        }
        isOver.withLock { $0 = true }
        group.wait()
        #expect(failures.all == [])
        try expectVerified(site)
    }

    /// The webhook's client is Polar, which tries again; what it was told stands.
    @Test func killedTwentyTimesNoAcknowledgedOrderIsLostOrDoubled() throws {
        let site = try Site(["POLAR_PRODUCT_ID": Self.product])
        let isOver = Mutex(false)
        let acknowledged = Mutex<[String]>([])
        let group = DispatchGroup()
        for _ in 0..<6 {
            DispatchQueue.global().async(group: group) {
                while !isOver.withLock({ $0 }) {
                    var event = OrderEvent(product: Self.product)
                    event.user = "user-\(event.order)"
                    let id = UUID().uuidString.lowercased()
                    // As Polar does: the same event until it is taken.
                    while (try? site.deliver(event.body, id: id).status) != 202 {
                        if isOver.withLock({ $0 }) { return }
                    }
                    acknowledged.withLock { $0.append(event.order) }
                }
            }
        }
        for round in 1...20 {
            let before = acknowledged.withLock { $0.count }
            let pid = try site.pid(of: "polar-orders")
            kill(pid, SIGKILL)
            try eventually("its successor of round \(round)") { try site.pid(of: "polar-orders") != pid }
            try eventually("orders go on in round \(round)") { acknowledged.withLock { $0.count } > before + 10 }
        }
        isOver.withLock { $0 = true }
        group.wait()

        let orders = acknowledged.withLock { $0 }
        #expect(orders.count > 200)
        let database = site.settings["CREDITS_DATABASE"] ?? ""
        let granted = try Program("/usr/bin/sqlite3").run([
            database, "SELECT order_id FROM ledger_entry WHERE kind = 'purchase' AND amount = 420",
        ]).output.split(separator: "\n").map(String.init)
        #expect(granted.count == Set(granted).count, "None is doubled")
        #expect(Set(orders).isSubset(of: granted), "None is lost")
        try expectVerified(site)
    }
}
