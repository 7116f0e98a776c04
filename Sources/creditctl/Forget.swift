import ArgumentParser
import Core
import JSON
import System

extension UserCommand {
    struct Forget: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Removes what tells who a user is; the id stays in the ledger.",
            discussion: """
                Removed are the e-mail address and the name, the user's sessions (every browser is signed out), the answers
                kept for idempotency keys, the addresses of ended checkouts, and the bodies of all webhooks that name the
                user, the address or Polar's customer: those deliveries cannot be replayed any more, `creditctl reconcile`
                asks Polar instead.

                Kept are the user's id with balance, debt and ledger, the orders' amounts and states with Polar's customer
                id, the audit log, and the texts that admins wrote as reasons. Pictures are the user's own to delete. What
                backups hold goes with them, what logs hold goes as they are rotated, and Polar and the issuer have data of
                their own. The next sign-in brings the address anew, as the issuer gives it.
                """)

        @Argument(help: "The user's id: the issuer's `sub`.")
        var userID: UserID
        @OptionGroup var actor: ActorOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let forgotten: Forgotten
            switch try openStore().people.forget(userID, by: actor.name, at: System.now()) {
            case .forgotten(let what): forgotten = what
            case .unknownUser: throw Refusal("\(userID) was never seen")
            }
            output.print([
                "user_id": .string(userID.text), "had_address": .bool(forgotten.hadAddress),
                "sessions": .integer(forgotten.sessions), "answers": .integer(forgotten.answers),
                "checkouts": .integer(forgotten.checkouts), "bodies": .integer(forgotten.bodies),
            ]) {
                """
                \(userID) \(forgotten.hadAddress ? "has no address and no name any more" : "had no address and no name")
                removed: \(forgotten.sessions) sessions, \(forgotten.answers) answers, \(forgotten.checkouts) checkout \
                addresses, the bodies of \(forgotten.bodies) deliveries
                """
            }
        }
    }
}
