import ArgumentParser
import Clients
import Core
import Crypto
import JSON
import System

struct PruneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Forgets what is too old: webhooks, checkouts, pictures.",
        discussion: """
            Webhooks as `creditctl inbox prune` does without options. Checkouts that came to nothing go after CHECKOUT_DAYS \
            (default: 90); those of a sale stay. Pictures and what was made of them go after IMAGE_DAYS, as if their \
            users had deleted them; unless it is set, they stay. A timer runs it daily.
            """)

    @Flag(name: .customLong("dry-run"), help: "Remove nothing, only count.")
    var isDryRun = false
    @OptionGroup var output: OutputOptions

    func run() throws {
        let settings = try PruneSettings(System.environment())
        let store = try Store(settings.store)
        let now = System.now()
        func before(_ days: Int) -> Instant { now.advanced(by: .seconds(-86_400 * days)) }
        let inbox = try store.inbox.prune(
            bodiesBefore: before(DeliveryAge.bodies), rowsBefore: before(DeliveryAge.rows), isDryRun: isDryRun)
        let checkouts = try store.checkouts.prune(before: before(settings.checkoutDays), isDryRun: isDryRun)
        let blobs = BlobDirectory(path: settings.images, random: randomBytes)
        let pictures =
            try settings.imageDays.map { try prune(blobs, of: store, before: before($0), at: now) } ?? Pictures()
        output.print([
            "dry_run": .bool(isDryRun), "bodies": .integer(Int64(inbox.bodies)), "rows": .integer(Int64(inbox.rows)),
            "checkouts": .integer(Int64(checkouts)), "generations": .integer(Int64(pictures.generations)),
            "files": .integer(Int64(pictures.files)),
        ]) {
            """
            \(isDryRun ? "would forget" : "forgot") \(inbox.bodies) bodies and \(inbox.rows) whole deliveries, \
            \(checkouts) checkouts, \(pictures.generations) generations\(isDryRun ? "" : " with \(pictures.files) files")
            """
        }
    }

    private struct Pictures {
        var generations = 0
        var files = 0
    }

    /// A file that cannot be removed now goes with `creditctl blobs sweep`.
    private func prune(
        _ blobs: BlobDirectory, of store: Store, before end: Instant, at now: Instant
    ) throws -> Pictures {
        guard !isDryRun else { return Pictures(generations: try store.generations.old(before: end)) }
        var pictures = Pictures()
        while true {
            let files = try store.generations.prune(before: end, at: now)
            guard !files.isEmpty else { return pictures }
            pictures.generations += files.count
            do throws(BlobError) {
                pictures.files += try blobs.remove(files.flatMap(\.self)) { blob throws(StoreError) in
                    try store.generations.isReferenced(blob)
                }.count
            } catch {
                throw Refusal("the image files: \(error)")
            }
        }
    }
}

/// Days after which deliveries go.
enum DeliveryAge {
    static let bodies = 90
    static let rows = 730
}
