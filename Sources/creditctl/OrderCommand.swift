import ArgumentParser
import Core
import Interface
import JSON
import System

struct OrderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "order", abstract: "Tells about orders.", subcommands: [Show.self])

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints the payment of an order, its entries, its checkout and every delivery that told of it.")

        @Argument(help: "Polar's id of the order, a UUID.")
        var orderID: Order.ID
        @OptionGroup var output: OutputOptions

        func run() throws {
            guard let report = try openStore().orders.report(on: orderID) else {
                throw Refusal("nothing ever told of order \(orderID.text)")
            }
            output.print(OrderReport.shape.json((orderID, report))) { report.text(of: orderID) }
        }
    }
}
