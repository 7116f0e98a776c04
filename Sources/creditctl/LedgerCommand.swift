import ArgumentParser
import Core
import JSON
import System

struct LedgerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger", abstract: "Checks the ledger.", subcommands: [Verify.self])

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Recomputes every balance, target, charge and debt from the entries and the rows.",
            discussion: "Exit code 0: all is as the rules say. Exit code 1: each fault was named. Changes nothing.")

        @OptionGroup var output: OutputOptions

        func run() throws {
            let faults = try openStore().verify()
            let items = faults.map { ["code": .string($0.code), "detail": .string($0.description)] as JSON }
            output.print(["ok": .bool(faults.isEmpty), "faults": .array(items)]) {
                faults.isEmpty ? "no faults" : faults.map(\.description).joined(separator: "\n")
            }
            guard faults.isEmpty else { throw Refusal("\(faults.count) faults") }
        }
    }
}
