import ArgumentParser
import Core
import Interface
import JSON
import System

struct LedgerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger", abstract: "Checks the ledger.", subcommands: [Verify.self])

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Recomputes every balance, target, charge and debt from the entries and the rows.",
            discussion: """
                Exit code 0: all is as the rules say. Exit code 1: each fault was named. Exit code 75: it could not look, \
                so nothing is known. Changes no credits; the metrics show the number of faults and when it was asked. \
                It looks at a copy beside the database, which nobody else sees and which goes with it; on a disk without \
                room for one it looks at the database itself.
                """)

        @OptionGroup var output: OutputOptions

        func run() throws {
            let (store, faults) = try look()
            output.print(["ok": .bool(faults.isEmpty), "faults": .array(faults.map(LedgerFault.shape.json))]) {
                faults.isEmpty ? "no faults" : faults.map(\.description).joined(separator: "\n")
            }
            do throws(StoreError) {
                try store.operations.note(.ledgerVerify, ["faults": .integer(Int64(faults.count))], at: System.now())
            } catch {
                System.complain("this could not be noted for the metrics: \(error)")
            }
            guard faults.isEmpty else { throw Refusal("\(faults.count) faults") }
        }

        private func look() throws -> (Store, [LedgerFault]) {
            do {
                let settings = try storeSettings()
                let store = try Store(settings)
                let room = System.freeBytes(beside: settings.database)
                return (store, try store.ledger.verify(room: room))
            } catch StoreError.schema(let found, let expected) {
                throw StoreError.schema(found: found, expected: expected)
            } catch let error as StoreError {
                throw Unlooked(error)
            }
        }
    }
}

/// Nothing is known of what was asked.
struct Unlooked: Error, CustomStringConvertible {
    let description: String

    init(_ error: StoreError) { description = "could not look: \(error)" }
}
