import JSON
import Testing

@testable import polar_simulator

@Suite struct DeliveryTests {
    private static func world() throws -> World {
        World(settings: try Playing.settings([:]), kept: World.Kept(signingKey: ""))
    }

    private static func attempt(_ code: Int?) -> Event.Attempt {
        Event.Attempt(id: newUUID(), at: .now(), httpCode: code, response: "")
    }

    private static func next(_ world: inout World) throws -> Delivery {
        let delivery = world.nextDelivery()
        return try #require(delivery)
    }

    private static func expectIdle(_ world: inout World) {
        let delivery = world.nextDelivery()
        #expect(delivery?.eventID == nil)
    }

    @Test func firstAttemptsWaitForEachOther() throws {
        var world = try Self.world()
        for type in ["one", "two"] { world.emit(type, .object([]), about: "x") }
        let first = try Self.next(&world)
        Self.expectIdle(&world)
        world.finish(first, with: Self.attempt(202))
        let second = try Self.next(&world)
        #expect(second.body.contains(#""type":"two""#))
    }

    @Test func aFailedFirstAttemptLetsTheNextEventPass() throws {
        var world = try Self.world()
        for type in ["one", "two"] { world.emit(type, .object([]), about: "x") }
        world.finish(try Self.next(&world), with: Self.attempt(500))
        let next = try Self.next(&world)
        #expect(next.body.contains(#""type":"two""#))
    }

    @Test(arguments: [199, 301, 302, 400, 403, 404, 410, 429, 500, 503, nil])
    func everythingButSuccessIsTriedAgain(code: Int?) throws {
        var world = try Self.world()
        world.emit("one", .object([]), about: "x")
        let delivery = try Self.next(&world)
        world.finish(delivery, with: Self.attempt(code))
        #expect(world.kept.events[delivery.eventID]?.status == .waiting)
        Self.expectIdle(&world)
    }

    @Test func thereAreTenAttempts() throws {
        var world = try Self.world()
        world.emit("one", .object([]), about: "x")
        var attempts = 0
        while let delivery = world.nextDelivery() {
            attempts += 1
            world.finish(delivery, with: Self.attempt(500))
            _ = try? world.perform(["deliveries", "run-due"], Wish(.object([])))
        }
        #expect(attempts == 10)
        #expect(world.kept.events.values.first?.status == .failed)
        #expect(world.kept.isEndpointEnabled)
    }

    @Test func tenFailedEventsInARowSwitchTheEndpointOff() throws {
        var world = try Self.world()
        for _ in 0..<11 { world.emit("one", .object([]), about: "x") }
        world.behaviour.retryFactor = 0.0001
        for _ in 0..<100 {
            let delivery = try Self.next(&world)
            world.finish(delivery, with: Self.attempt(500))
            _ = try? world.perform(["deliveries", "run-due"], Wish(.object([])))
        }
        #expect(!world.kept.isEndpointEnabled)
        #expect(world.kept.events.values.count { $0.status == .skipped } == 1)
        world.emit("lost", .object([]), about: "x")
        #expect(world.kept.events.count == 11)
    }

    @Test func backoffIsPolarsTimesTheFactor() throws {
        var world = try Self.world()
        world.emit("one", .object([]), about: "x")
        for exponent in 1...9 {
            let delivery = try Self.next(&world)
            let attempt = Self.attempt(500)
            world.finish(delivery, with: attempt)
            let due = try #require(world.kept.events[delivery.eventID]?.dueAt)
            let milliseconds = (due.microseconds - attempt.at.microseconds) / 1000
            let least = Int64(2000 << exponent)
            #expect((min(least, 1_200_000)...min(2 * least, 1_200_000)).contains(milliseconds))
            _ = try world.perform(["deliveries", "run-due"], Wish(.object([])))
        }
    }

    @Test func aRedeliveryHasTheSameIDAndTheOldBody() throws {
        var world = try Self.world()
        world.emit("one", ["n": 1], about: "x")
        let first = try Self.next(&world)
        world.finish(first, with: Self.attempt(202))
        world.redeliver(first.eventID)
        let second = try Self.next(&world)
        #expect(second.eventID == first.eventID)
        #expect(second.body == first.body)
    }

    @Test func whatIsHeldIsReleasedInTheWantedOrder() throws {
        var world = try Self.world()
        _ = try world.perform(["settings"], Wish(["hold": true]))
        for type in ["one", "two", "three"] { world.emit(type, .object([]), about: "x") }
        Self.expectIdle(&world)
        _ = try world.perform(["deliveries", "release"], Wish(["order": "reverse"]))
        let next = try Self.next(&world)
        #expect(next.body.contains(#""type":"three""#))
    }

    @Test func duplicatesGoOutAtOnce() throws {
        var world = try Self.world()
        _ = try world.perform(["settings"], Wish(["duplicates": 2]))
        world.emit("one", .object([]), about: "x")
        var ids: [String] = []
        for _ in 0..<3 { ids.append(try Self.next(&world).eventID) }
        #expect(Set(ids).count == 1)
        Self.expectIdle(&world)
    }

    @Test func aDropIsAFailure() throws {
        var world = try Self.world()
        _ = try world.perform(["settings"], Wish(["drop_next": 1]))
        for type in ["one", "two"] { world.emit(type, .object([]), about: "x") }
        let first = try Self.next(&world)
        #expect(first.isDropped)
        world.finish(first, with: Self.attempt(nil))
        let second = try Self.next(&world)
        #expect(!second.isDropped)
    }
}
