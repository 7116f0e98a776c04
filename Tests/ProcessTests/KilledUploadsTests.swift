import Foundation
import Glibc
import JSON
import TestSupport
import Testing
import Threads

/// `generations` dies again and again while keyed uploads come, and every key is sent until it is answered: each is
/// charged once, whatever was cut off.
///
/// `KILLS` and `KEYS` in the environment make it longer: 150 and 3000 take minutes.
@Suite(.serialized) struct KilledUploadsTests {
    private static let kills = number("KILLS") ?? 12
    private static let keys = number("KEYS") ?? 240
    /// Of one user, who has ten credits.
    private static let keysOfOne = 8
    private static let clients = 8

    private struct Tally {
        var next = 0
        var answered = 0
        var replayed = 0
        var wrong: [String] = []
    }

    private let handler: Handler
    private let tally = Monitor(Tally())
    private let picture: [UInt8]

    init() throws {
        handler = try Handler("generations", ["FASTCGI_THREADS": "8"])
        picture = try Fixtures.bytes("images/colour.png")
    }

    private static func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap(Int.init) }

    @Test func noKeyIsChargedTwice() throws {
        startThread { [sender, tally] in Self.work(sender, tally) }
        for kill in 1...Self.kills {
            let wanted = Self.keys * kill / (Self.kills + 1)
            try eventually("answer \(wanted)", within: .seconds(60)) { tally.withLock { $0.answered } >= wanted }
            handler.signal(SIGKILL)
            #expect(try handler.end(within: .seconds(10)) == -SIGKILL)
            try handler.start()
        }
        try eventually("every key is answered", within: .seconds(120)) {
            tally.withLock { $0.answered } == Self.keys
        }
        let end = tally.withLock { $0 }
        #expect(end.wrong == [])
        #expect(end.replayed > 0, "answers were lost on their way and came again")
        for user in 0..<(Self.keys / Self.keysOfOne) {
            let last = try sender.upload("last", of: user)
            let credits = last?.body.json("credits")
            #expect(credits == 10 - Int64(Self.keysOfOne) - 1, "user \(user)")
        }
        let verified = try handler.creditctl("ledger", "verify")
        #expect(verified.status == 0, "\(verified.output)")
    }

    /// Whoever comes second finds the answer of the first, not an empty account.
    @Test func theSameAtOnceForTheLastCreditIsOne() throws {
        for user in 0..<10 {
            for key in 1...9 { #expect(try sender.upload("key-\(key)", of: user)?.status == 202) }
            let answers = Monitor<[FastCGIAnswer?]>([])
            atOnce(Self.clients) { [sender] _ in
                let answer = try? sender.upload("last", of: user)
                answers.withLock { $0.append(answer) }
            }
            let all = answers.withLock { $0 }
            #expect(all.map { $0?.status } == [Int?](repeating: 202, count: Self.clients), "user \(user)")
            #expect(Set(all.map { $0?.body }).count == 1)
        }
        #expect(try handler.creditctl("ledger", "verify").status == 0)
    }

    private var sender: KeyedSender { KeyedSender(path: handler.socketPath, picture: picture) }

    private static func work(_ sender: KeyedSender, _ tally: Monitor<Tally>) {
        atOnce(clients) { _ in
            while true {
                let number = tally.withLock { tally -> Int in
                    defer { tally.next += 1 }
                    return tally.next
                }
                guard number < keys else { return }
                answer(number, sender, tally)
            }
        }
    }

    /// Sends it until it is answered, and then once more.
    private static func answer(_ number: Int, _ sender: KeyedSender, _ tally: Monitor<Tally>) {
        func send() -> FastCGIAnswer? { try? sender.upload("key-\(number)", of: number / keysOfOne) }
        var first: FastCGIAnswer?
        var tries = 0
        while first == nil {
            tries += 1
            first = send()
        }
        var again: FastCGIAnswer?
        while again == nil { again = send() }
        tally.withLock { tally in
            tally.answered += 1
            if tries > 1 { tally.replayed += 1 }
            if first?.status != 202 || again?.status != 202 || first?.body != again?.body {
                tally.wrong.append("key \(number): \(first?.status ?? 0), then \(again?.status ?? 0)")
            }
        }
    }
}

private struct KeyedSender: Sendable {
    let path: String
    let picture: [UInt8]

    /// `nil` if there was no whole answer.
    func upload(_ key: String, of user: Int) throws -> FastCGIAnswer? {
        let request = FastCGIRequest(
            "POST", "/api/v1/generations",
            [
                ("CONTENT_TYPE", "image/png"), ("REMOTE_USER", "user-\(user)"), ("REMOTE_CREDENTIAL", "bearer"),
                ("HTTP_IDEMPOTENCY_KEY", key),
            ], body: picture)
        let connection = try UnixSocket.connected(to: path)
        connection.write(request.beginning() + request.ending())
        return FastCGIAnswer(records: connection.readToEnd())
    }
}

extension [UInt8] {
    fileprivate func json(_ name: String) -> Int64? { (try? JSON(self))?[name]?.integer }
}
