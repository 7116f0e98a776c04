import ArgumentParser
import Core
import Interface
import JSON
import System

struct ParkedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parked", abstract: "Settles orders that were paid and that no rule could grant.",
        subcommands: [List.self, Assign.self, Dismiss.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Names the parked orders, newest first.",
            discussion: "`creditctl order show` has the whole story of each.")

        @OptionGroup var page: PageOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            var filter = PaymentFilter()
            filter.state = .parked
            let listing = try openStore().orders.list(filter, after: page.start, limit: page.limit)
            output.print(PaymentReport.fullList.json(listing)) { listing.text("no parked orders", \.line) }
        }
    }

    struct Assign: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says whose a parked or dismissed order is, and grants it.",
            discussion: """
                The order then follows its money as any other: a refund takes the credits back. A user who was never \
                seen is created. What cannot be read in the order stops it: creditctl adjust is the way then.
                """)

        @Argument(help: "Polar's id of the order, a UUID.")
        var orderID: Order.ID
        @Argument(help: "The user's id: the issuer's `sub`.")
        var userID: UserID
        @OptionGroup var actor: ActorOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let settings = try ScopeSettings(System.environment())
            let store = try Store(settings.store)
            let outcome = try store.orders.assign(
                orderID, to: userID, by: actor.name, in: settings.scope, at: System.now())
            let order = orderID.text
            actor.tell(outcome, ["order.id": orderID, "user.id": userID])
            switch outcome {
            case .applied(let outcome):
                let assignment = Assignment(order: orderID, user: userID, outcome: outcome)
                output.print(Assignment.shape.json(assignment)) {
                    "\(order) is \(userID)'s now: \(assignment.credits.rawValue) credits"
                }
            case .notParked: throw Refusal("\(order) is not parked")
            case .notGrantable(let reason):
                throw Refusal("\(order) cannot be granted (\(reason.rawValue)): creditctl adjust \(userID) AMOUNT")
            case .belongsTo(let owner): throw Refusal("\(order) moved credits of \(owner) before, and stays with them")
            case .unknownOrder: throw Refusal("nothing ever told of order \(order)")
            case .otherEnvironment: throw Refusal("\(order) was paid at Polar's other environment")
            }
        }
    }

    struct Dismiss: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Closes a parked order without credits.",
            discussion: "For a sale that was settled elsewhere. `creditctl parked assign` opens it again.")

        @Argument(help: "Polar's id of the order, a UUID.")
        var orderID: Order.ID
        @Option(help: "Why, for whoever asks later.")
        var reason: String
        @OptionGroup var actor: ActorOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard Reason.checked(reason) != nil else {
                throw ValidationError("--reason is \(Reason.rule).")
            }
        }

        func run() throws {
            let order = orderID.text
            let outcome = try openStore().orders.dismiss(orderID, reason: reason, by: actor.name, at: System.now())
            actor.tell(outcome, ["order.id": orderID])
            switch outcome {
            case .dismissed: break
            case .notParked: throw Refusal("\(order) is not parked")
            case .unknownOrder: throw Refusal("nothing ever told of order \(order)")
            }
            output.print(Dismissal.shape.json(Dismissal(order: orderID, note: reason))) { "\(order) is dismissed" }
        }
    }
}
