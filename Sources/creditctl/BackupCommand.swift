import ArgumentParser
import Clients
import Core
import Crypto
import JSON
import System

struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copies the database and the image files, while everything runs.",
        discussion: """
            A backup is a directory of its own under CREDITS_BACKUPS (default: backups, beside the database): the \
            database, its checksum, the list of the image files. The image files stand beside all backups once, under \
            their hashes. Copy the whole directory to another machine, for instance with rsync --archive --hard-links.
            """,
        subcommands: [Create.self, List.self, Check.self], defaultSubcommand: Create.self)

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a backup and removes the oldest ones.",
            discussion: """
                Exit code 1: no backup was made, or the copy's ledger has faults; then it stays nevertheless.
                """)

        @Option(help: "How many backups stay, the new one included.")
        var keep = 14
        @OptionGroup var place: BackupPlace
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard (1...10_000).contains(keep) else {
                throw ValidationError("--keep is a whole number from 1 to 10000.")
            }
        }

        func run() throws {
            let settings = try place.settings()
            let store = try openStore()
            let now = System.now()
            let backup = try refusing(settings.backups.create(images: settings.images, keep: keep, at: now))
            try store.operations.note(
                .backup, ["name": .string(backup.name), "bytes": .integer(backup.bytes)], at: now)
            output.print(backup.answer) { backup.lines.joined(separator: "\n") }
            guard backup.faults.isEmpty else { throw Refusal("the ledger has \(backup.faults.count) faults") }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the backups, newest first.")

        @OptionGroup var place: BackupPlace
        @OptionGroup var output: OutputOptions

        func run() throws {
            let backups = try place.settings().backups
            let names = try refusing(backups.names())
            output.print(["items": .array(names.map(JSON.string))]) {
                names.isEmpty ? "no backups" : names.joined(separator: "\n")
            }
        }
    }

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compares a backup with its checksums.",
            discussion: "Exit code 1: it is not what it was.")

        @Argument(help: "The backup's name, or latest.")
        var name = "latest"
        @OptionGroup var place: BackupPlace
        @OptionGroup var output: OutputOptions

        func run() throws {
            let backups = try place.settings().backups
            let backup = try refusing(backups.backup(backups.resolved(name)))
            output.print(backup.answer) { backup.lines.joined(separator: "\n") }
        }
    }
}

/// Where backups and what they are made of stand.
struct BackupPlace: ParsableArguments {
    @Option(name: .customLong("directory"), help: "The directory of the backups, in place of CREDITS_BACKUPS.")
    var path: String?

    struct Settings {
        let images: String
        let backups: BackupDirectory
    }

    func settings() throws(SettingsError) -> Settings {
        var reader = System.environment()
        let database = reader.text("CREDITS_DATABASE")
        let images = reader.text("CREDITS_IMAGES")
        let beside = database.lastIndex(of: "/").map { String(database[...$0]) } ?? ""
        let path = path ?? reader.optional("CREDITS_BACKUPS") ?? beside + "backups"
        try reader.finish()
        return Settings(
            images: images,
            backups: BackupDirectory(path: path, of: databaseFile(at: database), random: randomBytes))
    }
}

extension BackupDirectory {
    /// The newest one's name for `latest`.
    func resolved(_ name: String) throws(BackupError) -> String {
        guard name == "latest" else { return name }
        guard let newest = try names().first else { throw .unknown(name) }
        return newest
    }
}

func refusing<Result>(_ call: @autoclosure () throws(BackupError) -> Result) throws(Refusal) -> Result {
    do throws(BackupError) { return try call() } catch { throw Refusal(error.description) }
}

extension Backup {
    var answer: JSON { .object([.init("name", .string(name))] + (json.members ?? [])) }

    var lines: [String] {
        [
            "backup \(name): \(bytes) bytes, schema \(schema), \(users) users, newest entry \(lastEntry), "
                + "\(images) image files"
        ]
            + missing.map { "image file \($0) was not there" } + faults.map { "fault: \($0)" }
    }
}
