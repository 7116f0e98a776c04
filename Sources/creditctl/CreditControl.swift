import ArgumentParser
import Core
import JSON
import System

/// The operator's tool.
struct CreditControl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "creditctl",
        abstract: "Operates a Polar Credits installation.",
        discussion: """
            Works on the database that CREDITS_DATABASE names, while the other programs run.

            Exit codes: 0 done, 1 the answer is no or faults were found, 2 wrong use, 75 the database is not there or \
            does not work now, 78 wrong settings or a database of another version.
            """,
        subcommands: [
            Migrate.self, AdminCommand.self, Adjust.self, SettingsCommand.self, UserCommand.self, SessionCommand.self,
            OrderCommand.self,
            GenerationCommand.self, BlobsCommand.self, LedgerCommand.self, ReconcileCommand.self, InboxCommand.self,
            ParkedCommand.self, BackupCommand.self, RestoreCommand.self, PruneCommand.self, DoctorCommand.self,
            OpenAPICommand.self,
        ])

    /// Does what the command line says and turns what came of it into an exit code.
    static func runToTheEnd() {
        do {
            var command = try parseAsRoot(plain(Array(CommandLine.arguments.dropFirst())))
            try command.run()
        } catch let error as SettingsError {
            System.fail(error)
        } catch let error as StoreError {
            System.fail(error)
        } catch let error as Unlooked {
            System.fail(error, .notNow)
        } catch let error as Refusal {
            System.fail(error, .refused)
        } catch {
            // What is left is ArgumentParser's: help that was asked for, or wrong use, to which it gives 64.
            let message = fullMessage(for: error)
            guard exitCode(for: error) == .success else { System.fail(Misuse(description: message), .misused) }
            print(message)
        }
    }

    /// `-- -5` as `-5`: a negative amount needs no protection here, and the options behind it still count.
    private static func plain(_ arguments: [String]) -> [String] {
        arguments.enumerated().filter { index, argument in
            guard argument == "--", index + 1 < arguments.count else { return true }
            return Int64(arguments[index + 1]) == nil
        }.map(\.element)
    }
}

/// The answer is no; nothing was changed.
struct Refusal: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// What ArgumentParser says to somebody who wrote something else than a command.
private struct Misuse: Error, CustomStringConvertible {
    let description: String
}

extension ParsableCommand {
    func openStore() throws -> Store {
        // A commit that may have happened or not is told by the method that asked for it.
        try Store(storeSettings())
    }

    func storeSettings() throws -> StoreSettings {
        var reader = System.environment()
        let settings = StoreSettings(&reader)
        try reader.finish()
        return settings
    }
}

/// How an answer is written.
struct OutputOptions: ParsableArguments {
    @Flag(name: .long, help: "Print the answer as one JSON object.")
    var json = false

    func print(_ answer: JSON, text: () -> String) {
        Swift.print(json ? answer.text : text())
    }
}

/// In whose name something is done.
struct ActorOptions: ParsableArguments {
    @Option(name: .customLong("actor"), help: "Who does this, for the audit log.")
    var name = "creditctl"

    /// Logs what was done, as the pages and the API do. Somebody at a terminal reads the answer instead.
    func tell(_ deed: some Deed, _ facts: [String: any LogValue] = [:]) {
        guard !System.hasTerminal, let line = deed.logLine(facts.merging(["admin.id": name]) { $1 }) else { return }
        JSONLog(program: "creditctl", level: .notice)(line)
    }

    func validate() throws {
        guard UserID(name) != nil, PlainText.isPlain(name) else {
            throw ValidationError("--actor is 1 to 255 bytes without invisible characters.")
        }
    }
}
