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
            discussion: """
                Exit code 0: all is as the rules say. Exit code 1: each fault was named. Changes no credits; the metrics \
                show the number of faults and when it was asked.
                """)

        @OptionGroup var output: OutputOptions

        func run() throws {
            let store = try openStore()
            let faults = try store.verify()
            try store.note(.ledgerVerify, ["faults": .integer(Int64(faults.count))], at: System.now())
            let items = faults.map { ["code": .string($0.code), "detail": .string($0.description)] as JSON }
            output.print(["ok": .bool(faults.isEmpty), "faults": .array(items)]) {
                faults.isEmpty ? "no faults" : faults.map(\.description).joined(separator: "\n")
            }
            guard faults.isEmpty else { throw Refusal("\(faults.count) faults") }
        }
    }
}
