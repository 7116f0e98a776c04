import ArgumentParser
import Core
import Interface
import JSON
import System

struct SessionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "session", abstract: "Says where a user is signed in, and ends it.",
        discussion: "Sessions of this site's own login; what the issuer's tokens open ends when they expire.",
        subcommands: [List.self, End.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists a user's sessions, newest first.")

        @Argument(help: "The user's id: the issuer's `sub`.")
        var userID: UserID
        @OptionGroup var output: OutputOptions

        func run() throws {
            let sessions = try openStore().sessions.list(of: userID, at: System.now())
            output.print(["user_id": .string(userID.text), "items": .array(sessions.map(SessionSummary.shape.json))]) {
                guard !sessions.isEmpty else { return "\(userID) is signed in nowhere" }
                return sessions.map(\.line).joined(separator: "\n")
            }
        }
    }

    struct End: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Signs a user out everywhere, or ends one session.",
            discussion: "It works at once: the next request of that browser is nobody's.")

        @Argument(help: "The user's id: the issuer's `sub`.")
        var userID: UserID
        @Option(name: .customLong("session"), help: "Only this one, as `session list` names it.")
        var name: String?
        @OptionGroup var actor: ActorOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let store = try openStore()
            let count: Int
            if let name {
                guard try store.sessions.end(named: name, of: userID, by: actor.name, at: System.now()) else {
                    throw Refusal("\(userID) has no session \(name)")
                }
                count = 1
            } else {
                count = try store.sessions.endAll(of: userID, by: actor.name, at: System.now())
            }
            output.print(["user_id": .string(userID.text), "ended": .integer(Int64(count))]) {
                "\(count) \(count == 1 ? "session" : "sessions") of \(userID) ended"
            }
        }
    }
}

extension SessionSummary {
    fileprivate var line: String {
        "\(name)  \(agent ?? "unknown browser") from \(network ?? "unknown"), since \(createdAt.rfc3339), "
            + "used \(usedAt.rfc3339)"
    }
}
