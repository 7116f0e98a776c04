import ArgumentParser
import Clients
import Core
import Interface
import JSON
import Operating
import System

struct RestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Puts a backup in place of a stopped installation's database.",
        discussion: """
            Stop every program first: it is refused while one has the database open. What stood there is kept beside \
            it, under another name. Image files that are gone come back. Leases end, everybody signs in anew. Then \
            what Polar knows of since the backup is applied, as `creditctl reconcile` does; --no-reconcile leaves \
            that out.

            Who was an admin and was revoked since the backup does not come back as one; whoever was forgotten since is \
            forgotten again. The replaced database knows who that is, or, if it cannot be read, the newest backup; if \
            neither does, that is said, and the admins are named.

            What was spent, adjusted or given on trial since the backup is not in Polar: it is reported, as far as the \
            replaced database can still be read. Exit code 1: nothing was restored, or something is left to do.
            """)

    @Argument(help: "The backup's name, or latest.")
    var name: String
    @Flag(help: "Do not ask Polar for what came since.")
    var noReconcile = false
    @OptionGroup var place: BackupPlace
    @OptionGroup var output: OutputOptions

    func run() throws {
        let settings = try place.settings()
        let restoration = try refusing(
            settings.backups.restore(settings.backups.resolved(name), images: settings.images, at: System.now()))
        let faults = try openStore().ledger.verify()
        output.print(restoration.json(faults: faults)) {
            (restoration.lines + faults.map { "fault: \($0.description)" }).joined(separator: "\n")
        }
        guard faults.isEmpty else { throw Refusal("the restored ledger has \(faults.count) faults") }
        guard !noReconcile else { return }
        // Orders that were made before and paid after are found as well.
        let since = restoration.backup.createdAt.advanced(by: .seconds(-86_400))
        try ReconcileCommand.run(ReconcileWish(since: since, isDeep: true, isDryRun: false), output)
    }
}

extension Restoration {
    fileprivate func json(faults: [LedgerFault]) -> JSON {
        [
            "backup": backup.answer, "replaced": .optional(replaced),
            "lost": .array(lost.map(KindTotal.shape.json)), "loss_known": .bool(isLossKnown),
            "revocations_from": .optional(source?.text), "revoked_admins": .names(settled.revokedAdmins),
            "forgotten_users": .names(settled.forgottenUsers), "admins": .names(settled.admins),
            "newer_admins": .names(settled.newerAdmins),
            "ended_leases": .integer(settled.endedLeases), "returned_images": .integer(returnedImages),
            "missing_images": .array(missingImages.map { .string($0.text) }),
            "faults": .array(faults.map { .string($0.description) }),
        ]
    }

    fileprivate var lines: [String] {
        var lines = ["restored \(backup.name), made at \(backup.createdAt.rfc3339)"]
        if let replaced { lines.append("what stood there is kept as \(replaced)") }
        lines.append("\(settled.endedLeases) leases ended, \(returnedImages) image files returned")
        lines += missingImages.map { "image file \($0.text) is in no backup" }
        if !isLossKnown {
            lines.append("what was spent, adjusted or given on trial since then is not known")
        } else if lost.isEmpty {
            lines.append("nothing had moved credits since then")
        }
        return lines + lost.map(\.line) + revocations
    }

    private var revocations: [String] {
        var lines: [String] = []
        switch source {
        case .replaced: break
        case .backup(let name):
            lines.append("who was revoked or forgotten is known from the backup \(name), not since then")
        case nil: lines.append("who was revoked or forgotten since then is not known: look at the admins")
        }
        lines += settled.revokedAdmins.map { "\($0) was revoked since then and is no admin" }
        lines += settled.newerAdmins.map { "\($0) became an admin since then and is none now" }
        lines += settled.forgottenUsers.map { "\($0) was forgotten since then and is again" }
        guard !settled.admins.isEmpty else { return lines + ["nobody is an admin: creditctl admin grant USER_ID"] }
        return lines + ["admins: " + settled.admins.map(\.text).joined(separator: ", ")]
    }
}

extension Restoration.Source {
    fileprivate var text: String {
        switch self {
        case .replaced: "replaced"
        case .backup(let name): name
        }
    }
}

extension JSON {
    fileprivate static func names(_ users: [UserID]) -> JSON { .array(users.map { .string($0.text) }) }
}

extension KindTotal {
    fileprivate var line: String {
        "since the backup: \(entries) \(kind.rawValue) entries of \(users) users, \(credits) credits"
            + (kind.comesBack ? " (Polar knows of them)" : " (not restored)")
    }
}

extension LedgerEntry.Kind {
    /// Whether reconciling with Polar posts it again.
    fileprivate var comesBack: Bool {
        switch self {
        case .purchase, .clawback, .repayment, .restoration: true
        case .trial, .charge, .refund, .adjustment: false
        }
    }
}
