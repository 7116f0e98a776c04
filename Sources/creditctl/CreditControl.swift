import ArgumentParser
import Core
import System

/// The operator's tool. Exit codes: 0 done, 1 it says no or found a fault, 2 wrong use; 78 wrong settings.
struct CreditControl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "creditctl", abstract: "Operates a Polar Credits installation.",
        subcommands: [Migrate.self])
}

struct Migrate: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Creates the database or brings it up to date.")

    func run() throws {
        var reader = System.environment()
        let settings = StoreSettings(&reader)
        try reader.finish()
        let applied = try Store.migrate(path: settings.database)
        for name in applied { print("applied: \(name)") }
        if applied.isEmpty { print("up to date") }
    }
}
