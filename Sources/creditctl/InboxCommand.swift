import ArgumentParser
import Core
import Interface
import JSON
import System

struct InboxCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inbox", abstract: "Looks after the webhooks that came.",
        discussion: "Every verified webhook is kept with its bytes and with what became of it.",
        subcommands: [List.self, Show.self, Replay.self, Prune.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Names deliveries, newest first.")

        @Option(help: "One of \(Verdict.allCases.map(\.rawValue).joined(separator: ", ")).")
        var verdict: Verdict?
        @Option(help: "Such as order.paid.")
        var type: String?
        @Option(help: "Those that told of this order.")
        var order: Order.ID?
        @OptionGroup var page: PageOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            var filter = DeliveryFilter()
            (filter.verdict, filter.type, filter.order) = (verdict, type, order)
            let listing = try openStore().inbox.list(filter, after: page.start, limit: page.limit)
            output.print(DeliverySummary.list.json(listing)) { listing.text("no deliveries", \.line) }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints one delivery with its headers and its body.")

        @Argument(help: "The webhook-id.")
        var webhookID: String
        @OptionGroup var output: OutputOptions

        func run() throws {
            guard let delivery = try openStore().inbox.find(webhookID) else {
                throw Refusal("there is no delivery \(webhookID.printable)")
            }
            output.print(DeliveryDetail.shape.json(delivery)) { delivery.text }
        }
    }

    struct Replay: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Does anew what deliveries tell, as if they came now.",
            discussion: """
                For what could not be applied when it came, such as with a wrong setting. It goes by state, so doing it \
                twice moves no credits twice. Exit code 1: at least one could not be done; the others were.
                """)

        @Argument(help: "The webhook-ids.")
        var webhookIDs: [String]
        @OptionGroup var actor: ActorOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let settings = try ScopeSettings(System.environment())
            let store = try Store(settings.store)
            var items: [JSON] = []
            var lines: [String] = []
            var refusals: [String] = []
            for id in webhookIDs {
                let outcome = try store.inbox.replay(id, by: actor.name, in: settings.scope, at: System.now())
                actor.tell(outcome, ["webhook.id": id])
                switch outcome {
                case .replayed(let receipt):
                    items.append(Interface.Replay.shape.json(Interface.Replay(webhook: id, receipt: receipt)))
                    lines.append("\(id.printable): \(receipt.words)")
                case .unknownDelivery: refusals.append("there is no delivery \(id.printable)")
                case .bodyGone: refusals.append("the body of \(id.printable) is not kept any more: creditctl reconcile")
                case .otherEnvironment: refusals.append("\(id.printable) came from Polar's other environment")
                }
            }
            output.print(["items": .array(items)]) { lines.joined(separator: "\n") }
            guard refusals.isEmpty else { throw Refusal(refusals.joined(separator: "\n")) }
        }
    }

    struct Prune: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Forgets old deliveries: first bodies and headers, later the rows.",
            discussion: """
                Bodies hold what buyers told Polar: name, e-mail, address. They go after 90 days, as at Polar, which \
                cannot send them again either. What became of the delivery stays for two years. `creditctl prune` does it daily.
                """)

        @Option(help: "Days; bodies and headers of older deliveries go.")
        var days = DeliveryAge.bodies
        @Option(help: "Days; older deliveries go as a whole.")
        var rowDays = DeliveryAge.rows
        @Flag(name: .customLong("dry-run"), help: "Remove nothing, only count.")
        var isDryRun = false
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard (1...36_500).contains(days), (days...36_500).contains(rowDays) else {
                throw ValidationError("--days is from 1 to 36500, and --row-days is not less.")
            }
        }

        func run() throws {
            let now = System.now()
            func before(_ days: Int) -> Instant { now.advanced(by: .seconds(-86_400 * days)) }
            let pruned = try openStore().inbox.prune(
                bodiesBefore: before(days), rowsBefore: before(rowDays), isDryRun: isDryRun)
            output.print([
                "dry_run": .bool(isDryRun), "bodies": .integer(Int64(pruned.bodies)),
                "rows": .integer(Int64(pruned.rows)),
            ]) {
                "\(isDryRun ? "would forget" : "forgot") \(pruned.bodies) bodies and \(pruned.rows) whole deliveries"
            }
        }
    }
}

/// Which page of a list.
struct PageOptions: ParsableArguments {
    @Option(help: "How many at most.")
    var limit = 20
    @Option(help: "Where the page before ended, as it said.")
    var cursor: String?

    var start: ListCursor? { cursor.flatMap(ListCursor.init) }

    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit is a whole number from 1 to 1000.") }
        guard cursor == nil || start != nil else { throw ValidationError("--cursor is none of ours.") }
    }
}

extension Listing {
    func text(_ none: String, _ line: (Item) -> String) -> String {
        guard !items.isEmpty else { return none }
        return (items.map(line) + (next.map { ["more: --cursor \($0.text)"] } ?? [])).joined(separator: "\n")
    }
}

extension Receipt {
    fileprivate var words: String { reason.map { "\(verdict.rawValue) (\($0))" } ?? verdict.rawValue }
}

extension DeliverySummary {
    var line: String {
        let said = reason.map { "\(verdict.rawValue) (\($0))" } ?? verdict.rawValue
        let about = order.map { " of order \($0.text)" } ?? ""
        return "\(receivedAt.rfc3339)  \(type?.printable ?? "unreadable")\(about): \(said), \(id.printable)"
    }
}

extension DeliveryDetail {
    fileprivate var text: String {
        let head = summary.line + (summary.replayedAt.map { "\nreplayed \($0.rfc3339)" } ?? "")
        let body = body.map { String(decoding: $0, as: UTF8.self).printable }
        return head + section("headers", headers.map { "\($0.name): \($0.value.printable)" })
            + section("body", [body ?? "not kept any more"])
    }
}

extension String {
    /// Without what a terminal might obey: the text came from outside.
    var printable: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.map { scalar in
                    let isControl = scalar.value < 0x20 && scalar != "\n" && scalar != "\t"
                    return isControl || (0x7F...0x9F).contains(scalar.value) ? "\u{FFFD}" : scalar
                }))
    }
}
