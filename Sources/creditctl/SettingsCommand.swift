import ArgumentParser
import Core
import JSON
import System

struct SettingsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settings", abstract: "Shows and changes what is sold.", subcommands: [Get.self, Set.self])

    struct Get: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Prints the settings in force.")

        @OptionGroup var output: OutputOptions

        func run() throws {
            let settings = try openStore().settings()
            output.print(settings.json) { settings.text }
        }
    }

    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Changes settings, all of them or none.",
            usage: "creditctl settings set <name>=<value> ... [--actor <name>] [--json]",
            discussion: """
                pack_price_cents    \(BillingSettings.packPriceBounds.words), before tax
                credits_per_pack    \(BillingSettings.creditsBounds.words)
                refund_on_failure   true or false
                free_trial_credits  \(BillingSettings.trialBounds.words)

                Checkouts that are open keep the price they were opened with.
                """)

        @Argument(help: "Such as credits_per_pack=500.")
        var assignments: [String]
        @OptionGroup var actor: ActorOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            let read = Assignments(assignments)
            guard read.misuses.isEmpty else {
                throw ValidationError((read.misuses + read.faults.map(\.description)).joined(separator: "\n"))
            }
        }

        func run() throws {
            let assignments = Assignments(assignments)
            let outcome = try openStore().changeSettings(
                assignments.change, expectedVersion: nil, by: actor.name, at: System.now())
            let settings: BillingSettings
            switch outcome {
            case .changed(let new): settings = new
            case .unchanged(let same): settings = same
            case .outOfBounds(let faults):
                throw Refusal(faults.map(\.description).joined(separator: "\n"))
            case .stale(let current): throw Refusal("somebody made version \(current.version) meanwhile")
            }
            output.print(settings.json) { settings.text }
        }
    }
}
