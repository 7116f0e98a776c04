import ArgumentParser
import Core
import Interface
import JSON
import System

struct UserCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "Tells about users.", subcommands: [Show.self, Forget.self])

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints balance, debt, purchases and the latest ledger entries of a user.")

        @Argument(help: "The user's id: the issuer's `sub`.")
        var userID: UserID
        @Option(help: "How many purchases and how many entries at most, newest first.")
        var limit = 20
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard (1...1000).contains(limit) else { throw ValidationError("--limit is a whole number from 1 to 1000.") }
        }

        func run() throws {
            guard let report = try openStore().people.report(on: userID, limit: limit, at: System.now()) else {
                throw Refusal("\(userID) was never seen")
            }
            output.print(UserReport.shape.json(report)) { report.text }
        }
    }
}
