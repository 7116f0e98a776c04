import ArgumentParser
import Core
import Interface
import JSON
import System

struct AdminCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "admin", abstract: "Says who may use the admin pages.",
        discussion: "The first admin is made here; there is no other way.",
        subcommands: [Grant.self, Revoke.self, List.self])

    struct Grant: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes an admin of a user, who need not have signed in yet.")

        @Argument(help: "The user's id: the issuer's `sub`.")
        var userID: UserID
        @OptionGroup var actor: ActorOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let outcome = try openStore().admins.grant(to: userID, by: actor.name, at: System.now())
            let isNew =
                switch outcome {
                case .granted: true
                case .alreadyAdmin: false
                }
            output.print(["user_id": .string(userID.text), "granted": .bool(isNew)]) {
                isNew ? "\(userID) is an admin now" : "\(userID) is an admin already"
            }
        }
    }

    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes the right away again, but never from the last admin.")

        @Argument(help: "The user's id: the issuer's `sub`.")
        var userID: UserID
        @OptionGroup var actor: ActorOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            switch try openStore().admins.revoke(from: userID, by: actor.name, at: System.now()) {
            case .revoked: break
            case .notAdmin: throw Refusal("\(userID) is no admin")
            case .lastAdmin: throw Refusal("\(userID) is the last admin and stays one: grant somebody else first")
            }
            output.print(["user_id": .string(userID.text), "revoked": true]) { "\(userID) is no admin any more" }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Names every admin, oldest first.")

        @OptionGroup var output: OutputOptions

        func run() throws {
            let admins = try openStore().admins.all()
            output.print(["items": .array(admins.map(Admin.shape.json))]) {
                guard !admins.isEmpty else { return "no admins: make one with `creditctl admin grant USER_ID`" }
                return admins.map { "\($0.user)  since \($0.grantedAt.rfc3339), by \($0.grantedBy)" }
                    .joined(separator: "\n")
            }
        }
    }
}
