import Foundation
import HTTPClient
import JSON
import TestSupport
import Testing

/// A backup under load, a disaster, a restore: what was paid is there again, what was spent is told.
@Suite(.serialized) struct RestoreTests {
    private static let users = ["ada", "bob", "cyd"]

    @Test func everyPaidOrderIsGrantedAgain() throws {
        let site = try Site(["SIMULATOR_RETRY_FACTOR": "0.0001"])
        let sold = Collected()
        let backups = Collected()
        // Each checkout of another quantity: an open one is given again. Buying and spending go on while the backup is made.
        DispatchQueue.concurrentPerform(iterations: 4) { number in
            for round in 0..<4 {
                if number == 3 {
                    if round == 2 { backups.add((try? site.creditctl("backup").status).map(Int.init)) }
                } else {
                    sold.add((try? site.sale(of: Int64(round) + 1, to: Self.users[number])) == nil ? nil : number)
                    sold.add((try? site.upload(as: Self.users[number])) == 202 ? -1 : nil)
                }
            }
        }
        #expect(backups.all == [0])
        #expect(sold.all.compactMap(\.self).count { $0 >= 0 } == 12 && sold.all.count { $0 == -1 } == 12)
        // What comes after it is not in it.
        for user in Self.users { _ = try site.sale(of: 5, to: user) }
        _ = try site.sale(of: 1, to: "new")
        for user in Self.users { #expect(try site.upload(as: user) == 202) }
        try eventually("everything is granted and made", within: .seconds(60)) {
            let open = try site.creditctl("generation", "list", "--status", "pending", "--json").output
            let isGranted = try Self.users.allSatisfy { try site.balance(of: $0).credits == 10 + 15 * 420 - 5 }
            return try isGranted && site.balance(of: "new").credits == 430 && open.contains(#""items":[]"#)
        }
        let inUse = try site.creditctl("restore", "latest")
        #expect(inUse.status == 1 && inUse.errors.contains("stop them all first"))

        try site.stack("down")
        let database = try #require(site.settings["CREDITS_DATABASE"])
        for end in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: database + end) }
        try Data(repeating: 0, count: 8192).write(to: URL(fileURLWithPath: database))
        let images = try #require(site.settings["CREDITS_IMAGES"])
        for name in try FileManager.default.contentsOfDirectory(atPath: images) {
            try FileManager.default.removeItem(atPath: images + "/" + name)
        }
        let restored = try site.creditctl("restore", "latest", "--no-reconcile")
        #expect(restored.status == 0, Comment(rawValue: restored.errors))
        #expect(restored.output.contains("what was spent, adjusted or given on trial since then is not known"))
        #expect(restored.output.contains("who was revoked or forgotten since then is not known"))
        try site.stack("up")
        let reconciled = try site.creditctl("reconcile", "--deep")
        #expect(reconciled.status == 0, Comment(rawValue: reconciled.output + reconciled.errors))

        for user in Self.users {
            let (credits, debt) = try site.balance(of: user)
            #expect(debt == 0)
            // All fifteen packs, and of the five images those that the backup knows of.
            let spent = 10 + 15 * 420 - (credits ?? 0)
            #expect((0...4).contains(spent), "\(user) spent \(spent)")
        }
        #expect(try site.balance(of: "new").credits == 430)
        try expectVerified(site)
    }

    @Test func whatTheReplacedDatabaseKnewIsTold() throws {
        let site = try Site()
        _ = try site.sale(of: 1, to: "ada")
        try eventually("granted") { try site.balance(of: "ada").credits == 430 }
        #expect(try site.creditctl("backup").status == 0)
        #expect(try site.creditctl("adjust", "ada", "-30", "--reason", "spent").status == 0)
        _ = try site.sale(of: 1, to: "bob")
        try eventually("granted") { try site.balance(of: "bob").credits == 430 }

        try site.stack("down")
        let restored = try site.creditctl("restore", "latest", "--no-reconcile", "--json")
        let answer = try JSON(Array(restored.output.utf8))
        let lost = answer["lost"]?.array ?? []
        #expect(lost.first { $0["kind"] == "adjustment" }?["credits"] == -30)
        #expect(lost.first { $0["kind"] == "purchase" }?["credits"] == 420)
        #expect(answer["loss_known"] == true && answer["faults"]?.array == [])
        try site.stack("up")
        #expect(try site.balance(of: "ada").credits == 430)
        let reconciled = try site.creditctl("reconcile")
        #expect(reconciled.status == 0)
        let credits = try site.balance(of: "bob").credits
        #expect(credits == 430, "\(reconciled.output)")
        try expectVerified(site)
    }
}

extension Site {
    /// One picture; the status that the API answers.
    func upload(as user: String) throws -> Int {
        let headers = [("Authorization", "Bearer \(try token(user))"), ("Content-Type", "image/jpeg")]
        return try send(
            "POST", "/api/v1/generations", headers: headers, body: Fixtures.bytes("images/baseline.jpg")
        ).status
    }
}
