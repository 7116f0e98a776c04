import ArgumentParser
import Core
import Interface
import JSON
import System

struct GenerationCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generation", abstract: "Tells about generations and tries failed ones again.",
        subcommands: [List.self, Show.self, Retry.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints generations, newest first, also those that their users have deleted.")

        @Option(name: .customLong("user"), help: "Only this user's: the issuer's `sub`.")
        var userID: UserID?
        @Option(help: "Only those that are pending, processing, completed, failed or cancelled.")
        var status: Generation.Status?
        @Option(help: "How many at most.")
        var limit = 20
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard (1...1000).contains(limit) else { throw ValidationError("--limit is a whole number from 1 to 1000.") }
        }

        func run() throws {
            let reports = try openStore().generations.reports(of: userID, status: status, limit: limit)
            output.print(["items": .array(reports.map(GenerationReport.shape.json))]) {
                reports.isEmpty ? "no generations" : reports.map(\.line).joined(separator: "\n")
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints a generation with its files and its entries in the ledger.")

        @Argument(help: "The generation's id, a UUID.")
        var generationID: Generation.ID
        @OptionGroup var output: OutputOptions

        func run() throws {
            guard let (report, entries) = try openStore().generations.report(on: generationID) else {
                throw Refusal("there is no generation \(generationID.text)")
            }
            output.print(GenerationReport.detail.json((report, entries))) {
                report.text + section("entries", entries.map(\.line))
            }
        }
    }

    struct Retry: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Queues a failed generation again.",
            discussion: """
                Charges its user one credit if the earlier one was given back, and none otherwise. What its user has \
                deleted is not tried again.
                """)

        @Argument(help: "The generation's id, a UUID.")
        var generationID: Generation.ID
        @OptionGroup var actor: ActorOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let id = generationID.text
            switch try openStore().generations.retry(generationID, by: actor.name, at: System.now()) {
            case .queued(let generation, let balance):
                output.print(QueuedGeneration.full.json(QueuedGeneration(generation, balance: balance))) {
                    "\(id) waits again; \(generation.user) has \(balance.rawValue) credits"
                }
            case .insufficientCredits(let balance):
                throw Refusal("its user has \(balance.rawValue) credits, and the earlier charge was given back")
            case .pictureGone: throw Refusal("its picture could not be read, and is not kept")
            case .spent: throw Refusal("its failure cost the credit, as its user was told before the upload")
            case .refused: throw Refusal("its user may have no more now")
            case .notFailed: throw Refusal("\(id) did not fail")
            case .unknown: throw Refusal("there is no generation \(id), or its user has deleted it")
            }
        }
    }
}

extension GenerationReport {
    fileprivate var line: String {
        "\(createdAt.rfc3339)  \(id.text) of \(user): \(state)"
    }

    private var state: String {
        var state = failure.map { "\(status.rawValue) (\($0.rawValue))" } ?? status.rawValue
        state += ", \(attempts) tries, \(isRefunded ? "given back" : "charged")"
        if deletedAt != nil { state += ", deleted" }
        return state
    }

    fileprivate var text: String {
        let times = [
            ("created", createdAt), ("due", status == .pending ? dueAt : nil), ("lease", leaseEnd),
            ("ended", completedAt), ("deleted", deletedAt),
        ].compactMap { name, time in time.map { "\(name) \($0.rfc3339)" } }
        return """
            generation  \(id.text)
            user        \(user)
            state       \(state)
            size        \(width) x \(height)
            original    \(input?.text ?? "gone")
            result      \(result?.text ?? "none")
            thumbnail   \(thumbnail?.text ?? "none")
            times       \(times.joined(separator: ", "))
            """
    }
}
