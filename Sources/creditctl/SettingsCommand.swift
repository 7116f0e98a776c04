import ArgumentParser
import Core
import Interface
import JSON
import System

struct SettingsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settings", abstract: "Shows and changes what is sold.", subcommands: [Get.self, Set.self])

    struct Get: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Prints the settings in force.")

        @OptionGroup var output: OutputOptions

        func run() throws {
            let settings = try openStore().settings.current()
            output.print(BillingSettings.shape.json(settings)) { settings.text }
        }
    }

    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Changes settings, all of them or none.",
            usage: "creditctl settings set <name>=<value> ... [--actor <name>] [--json]",
            discussion: """
                \(table)

                Checkouts that are open keep the price they were opened with.
                """)

        /// Every setting and what it takes, in two columns.
        private static var table: String {
            let width = Setting.table.map(\.name.count).max() ?? 0
            return Setting.table.map { setting in
                let gap = String(repeating: " ", count: width - setting.name.count + 2)
                return setting.name + gap + setting.rule
            }.joined(separator: "\n")
        }

        @Argument(help: "Such as credits_per_pack=500.")
        var assignments: [String]
        @OptionGroup var actor: ActorOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            let read = Assignments(assignments)
            guard read.misuses.isEmpty else {
                throw ValidationError((read.misuses + read.faults).joined(separator: "\n"))
            }
        }

        func run() throws {
            let assignments = Assignments(assignments)
            guard assignments.faults.isEmpty else { throw Refusal(assignments.faults.joined(separator: "\n")) }
            let outcome = try openStore().settings.change(
                assignments.change, expectedVersion: nil, by: actor.name, at: System.now())
            let settings: BillingSettings
            switch outcome {
            case .changed(let new): settings = new
            case .unchanged(let same): settings = same
            case .stale(let current): throw Refusal("somebody made version \(current.version) meanwhile")
            }
            output.print(BillingSettings.shape.json(settings)) { settings.text }
        }
    }
}
