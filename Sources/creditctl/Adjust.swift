import ArgumentParser
import Core
import Interface
import JSON
import System

struct Adjust: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Gives a user credits or takes some, never below zero.",
        usage: "creditctl adjust <user-id> <amount> --reason <text> [--key <key>] [--actor <name>] [--json]",
        discussion: """
            An adjustment is an entry in the user's ledger and a line in the audit log. It repays no debt.

            creditctl adjust ada 20 --reason "two broken images"
            creditctl adjust ada -5 --reason "given twice" --key ticket-4711
            """)

    @Argument(help: "The user's id: the issuer's `sub`.")
    var userID: UserID
    // So that "-5" is no option: what looks like one and is none lands here.
    @Argument(parsing: .allUnrecognized, help: "Whole credits: above zero gives, below zero takes.")
    var amount: [Int64]
    @Option(help: "Why; the user sees it in the statement.")
    var reason: String
    @Option(help: "Names this adjustment: the same key is applied once. Without it, every call counts.")
    var key: String?
    @OptionGroup var actor: ActorOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        let largest = Adjustment.largestAmount.rawValue
        guard amount.count == 1, amount[0] != 0, (-largest...largest).contains(amount[0]) else {
            throw ValidationError("There is one amount, a whole number from -\(largest) to \(largest), and not 0.")
        }
        guard Reason.checked(reason) != nil else {
            throw ValidationError("--reason is \(Reason.rule).")
        }
        guard key.map({ (1...255).contains($0.utf8.count) }) ?? true else {
            throw ValidationError("--key is 1 to 255 bytes.")
        }
    }

    func run() throws {
        let adjustment = Adjustment(
            user: userID, amount: Credits(rawValue: amount[0]), actor: actor.name, reason: reason,
            key: key ?? "creditctl:" + String(UInt128.random(in: .min ... .max), radix: 16))
        let (entry, isNew): (LedgerEntry, Bool) =
            switch try openStore().ledger.adjust(adjustment, at: System.now()) {
            case .adjusted(let entry): (entry, true)
            case .repeated(let entry): (entry, false)
            case .keyReused(let entry):
                throw Refusal("the key stands for another adjustment: \(entry.amount.rawValue) for \(entry.user)")
            case .belowZero(let balance): throw Refusal("\(userID) has \(balance.rawValue) credits only")
            case .unknownUser: throw Refusal("\(userID) was never seen")
            }
        output.print(
            [
                "user_id": .string(userID.text), "applied": .bool(isNew), "entry": LedgerEntry.full.json(entry),
                "key": .string(adjustment.key),
            ]
        ) {
            isNew
                ? "\(userID) has \(entry.balanceAfter.rawValue) credits now"
                : "applied before: \(entry.line)"
        }
    }
}
