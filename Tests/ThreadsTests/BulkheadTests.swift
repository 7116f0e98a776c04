import TestSupport
import Testing
import Threads

@Suite struct BulkheadTests {
    private struct Failure: Error {}

    @Test(arguments: [(3, 1), (5, 1), (6, 2), (16, 5), (256, 85)])
    func aThirdOfTheThreadsMayWait(_ threads: Int, _ places: Int) {
        let bulkhead = Bulkhead(amongThreads: threads)
        func enter(_ depth: Int) -> Int { bulkhead.enter { enter(depth + 1) } ?? depth }
        #expect(enter(0) == places)
    }

    @Test func thePlaceIsFreeAgainHoweverItEnds() throws {
        let bulkhead = Bulkhead(places: 1)
        for _ in 0..<3 {
            #expect(throws: Failure.self) { try bulkhead.enter { throw Failure() } }
            #expect(bulkhead.enter { 7 } == 7)
        }
    }

    @Test func theNextIsToldAtOnceWhileOthersWait() {
        let bulkhead = Bulkhead(places: 5)
        let (inside, mayLeave, refused) = (Monitor(0), Monitor(false), Monitor(0))
        atOnce(64) { _ in
            let wasInside = bulkhead.enter {
                inside.withLock { $0 += 1 }
                return mayLeave.wait { $0 ? true : nil }
            }
            // Nobody leaves before all the others were told.
            guard wasInside == nil else { return }
            refused.withLock { $0 += 1 }
            if refused.look({ $0 == 59 }) { mayLeave.withLock { $0 = true } }
        }
        #expect(inside.look { $0 } == 5)
        #expect(refused.look { $0 } == 59)
        #expect(bulkhead.enter { true } == true)
    }

    @Test func whatTakesLongGoesOnAsideAndKeepsItsPlace() throws {
        let bulkhead = Bulkhead(places: 1)
        let (mayEnd, hasEnded) = (Monitor(false), Monitor(false))
        let result = bulkhead.aside(atMost: .milliseconds(20)) { () -> Int in
            mayEnd.wait { $0 ? () : nil }
            hasEnded.withLock { $0 = true }
            return 7
        }
        #expect(result == nil)
        #expect(bulkhead.enter { true } == nil, "The place is taken")
        #expect(bulkhead.aside(atMost: .seconds(10)) { true } == nil)
        mayEnd.withLock { $0 = true }
        hasEnded.wait { $0 ? () : nil }
        try eventually("the place is free") { bulkhead.enter { true } != nil }
    }

    @Test func whatIsQuickIsWaitedFor() {
        let bulkhead = Bulkhead(places: 1)
        for number in 0..<100 { #expect(bulkhead.aside(atMost: .seconds(10)) { number } == number) }
    }
}
