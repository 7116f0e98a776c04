import ArgumentParser
import Clients
import Core
import HTTPClient
import Interface
import JSON
import Operating
import System

struct ReconcileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconcile",
        abstract: "Asks Polar what no webhook told, and brings the credits of every order to what it says.",
        discussion: """
            Orders since the last run (with two hours of overlap; 30 days at first), refunds, lost disputes, checkouts \
            that are open for more than two minutes, and whether Polar's webhook endpoint is there and switched on. A \
            timer runs it every ten minutes, and with --deep once a day. Doing it twice does no harm.

            Exit code 0: all was read, whether there was something to correct or not. Exit code 1: something could not \
            be read, or the webhook endpoint is missing or switched off; each is named.
            """)

    @Option(help: "Read orders made since then, such as 2026-11-20T10:00:00Z.")
    var since: Instant?
    @Flag(help: "Read 30 days of orders, 90 days of refunds, and every order here that was refunded.")
    var deep = false
    @Flag(name: .customLong("dry-run"), help: "Change nothing, only tell what would be.")
    var isDryRun = false
    @OptionGroup var output: OutputOptions

    func run() throws {
        try Self.run(ReconcileWish(since: since, isDeep: deep, isDryRun: isDryRun), output)
    }

    static func run(_ wish: ReconcileWish, _ output: OutputOptions) throws {
        let settings = try ReconcileSettings(System.environment())
        let log = JSONLog(program: "creditctl", level: settings.logLevel)
        let store = try Store(settings.store)
        let polar = PolarClient(
            settings.polar,
            http: HTTPClient(connectTimeout: .seconds(5), totalTimeout: .seconds(30), maximumResponseBytes: 16 << 20),
            patience: .init(wait: System.wait))
        let reconciliation = Reconciliation(
            dependencies: ReconcileDependencies(
                store: store, scope: settings.scope,
                publicURL: settings.publicURL, polar: polar, now: System.now, log: log.callAsFunction))
        let report = try reconciliation.run(wish)
        output.print(report.answer) { report.text }
        if let refusal = report.refusal(publicURL: settings.publicURL) { throw refusal }
    }
}

extension ReconcileReport {
    fileprivate var answer: JSON {
        .object(
            members + [
                .init("dry_run", .bool(isDryRun)), .init("changes", .array(changes.map(Change.shape.json))),
                .init("reasons", .array(failures.map(Failure.shape.json))),
            ])
    }

    fileprivate var text: String {
        let verb = isDryRun ? "would have" : "has now"
        let lines = changes.map { change in
            "order \(change.order.text) of \(change.user): \(change.before) credits, \(verb) \(change.target)"
                + (change.debt == 0 ? "" : ", debt \(change.debt > 0 ? "+" : "")\(change.debt)")
        }
        let more = corrected > changes.count ? ["and \(corrected - changes.count) more"] : []
        let correctedWord = isDryRun ? "to correct" : "corrected"
        let sum =
            "\(orders) orders since \(since.rfc3339), \(corrected) \(correctedWord) by \(credits) credits, "
            + "\(parked) newly parked, \(disputes) disputes, \(checkouts) checkouts looked up, \(lagging) to look at again"
        return (lines + more + [sum, "webhook endpoint: \(endpoint.rawValue)"]).joined(separator: "\n")
    }

    fileprivate func refusal(publicURL: String) -> Refusal? {
        var reasons = failures.map { "\($0.what): \($0.reason)" }
        let url = publicURL + WebhookEndpoint.path
        switch endpoint {
        case .enabled, .unread: break
        case .disabled:
            reasons.append(
                "THE WEBHOOK ENDPOINT IS SWITCHED OFF: Polar sends nothing and keeps nothing. Find out why deliveries "
                    + "failed (creditctl doctor), then switch it on in Polar's dashboard: \(url)")
        case .missing:
            reasons.append(
                "THERE IS NO WEBHOOK ENDPOINT at Polar that leads here: add one for \(url) with the events "
                    + WebhookEndpoint.neededEvents.sorted().joined(separator: ", "))
        }
        return reasons.isEmpty ? nil : Refusal(reasons.joined(separator: "\n"))
    }
}
