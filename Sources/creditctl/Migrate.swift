import ArgumentParser
import Core
import JSON
import System

struct Migrate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Creates the database or brings it up to date.",
        discussion: "The programs refuse to start on a database of another version. Doing this twice does no harm.")

    @Option(
        help: ArgumentHelp(
            "Copy the database to this new file and migrate the copy; the database stays as it is.", valueName: "path"))
    var onCopy: String?
    @OptionGroup var output: OutputOptions

    func run() throws {
        let settings = try storeSettings()
        let applied =
            if let onCopy { try Store.migrate(copyOf: settings.file, to: onCopy) } else {
                try Store.migrate(settings.file)
            }
        output.print(["applied": .array(applied.map(JSON.string))]) {
            applied.isEmpty ? "up to date" : applied.map { "applied: \($0)" }.joined(separator: "\n")
        }
    }
}
