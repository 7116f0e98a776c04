import Clients
import Core
import HTTPClient
import TestSupport
import Testing

/// One deadline over all tries of one question.
@Suite struct PolarDeadlineTests {
    private static let checkout = "57107b74-8400-4d80-a2fc-54c2b4239cb3"

    private func ask(
        _ answers: [PolarServer.Answer], within limit: Duration
    ) throws -> (failure: PolarFailure?, spent: Duration, calls: Int) {
        let server = try PolarServer(["/v1/checkouts/\(Self.checkout)": answers])
        let client = PolarClient(
            address: server.address, token: Secret("polar_oat_test"), version: "2026-10", http: HTTPClient())
        let id = try #require(Checkout.PolarID(Self.checkout))
        var failure: PolarFailure?
        let spent = ContinuousClock().measure {
            do throws(PolarFailure) { _ = try client.within(limit).report(on: id) } catch { failure = error }
        }
        return (failure, spent, try server.calls().count)
    }

    @Test func aSecondTryHasWhatTheFirstLeft() throws {
        let broken = PolarServer.Answer(status: 500, kind: "slow")
        let result = try ask([broken, broken], within: .seconds(2))
        #expect(result.failure == .timedOut && result.calls == 2)
        #expect(result.spent >= .milliseconds(1900) && result.spent < .milliseconds(2900))
    }

    @Test func withoutTimeThereIsNoSecondTry() throws {
        let result = try ask([.init(kind: "hang")], within: .milliseconds(300))
        #expect(result.failure == .timedOut && result.calls == 1)
        #expect(result.spent < .seconds(1))
    }
}
