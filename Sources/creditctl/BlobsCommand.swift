import ArgumentParser
import Clients
import Core
import Crypto
import JSON
import System

struct BlobsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "blobs", abstract: "Tidies the image files.", subcommands: [Sweep.self])

    struct Sweep: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Removes image files that no generation refers to, and names generations without their file.",
            discussion: """
                Works on the directory that CREDITS_IMAGES names, while the other programs run: a file that an upload \
                is about to need stays. Exit code 1: a generation refers to a file that is not there.
                """)

        @Flag(name: .customLong("dry-run"), help: "Remove nothing, only tell.")
        var isDryRun = false
        @Option(help: "Seconds; younger files stay.")
        var grace = 3600
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard (0...31_536_000).contains(grace) else {
                throw ValidationError("--grace is a whole number from 0 to 31536000.")
            }
        }

        func run() throws {
            var reader = System.environment()
            let blobs = BlobDirectory(path: reader.text("CREDITS_IMAGES"), random: randomBytes)
            let settings = StoreSettings(&reader)
            try reader.finish()
            let store = try Store(settings)
            let sweep = try swept(blobs, store)
            let missing = try missing(blobs, store)
            output.print([
                "dry_run": .bool(isDryRun), "removed": .array(sweep.removed.map { .string($0.text) }),
                "unfinished": .integer(Int64(sweep.unfinished)),
                "missing": .array(
                    missing.map { ["generation_id": .string($0.generation.text), "blob": .string($0.blob.text)] }),
            ]) {
                let verb = isDryRun ? "would remove" : "removed"
                let removed = ["\(verb) \(sweep.removed.count) files and \(sweep.unfinished) unfinished ones"]
                return (removed + missing.map { "generation \($0.generation.text): file \($0.blob.text) is missing" })
                    .joined(separator: "\n")
            }
            guard missing.isEmpty else { throw Refusal("\(missing.count) files are missing") }
        }

        private func swept(_ blobs: BlobDirectory, _ store: Store) throws(Refusal) -> BlobDirectory.Sweep {
            do throws(BlobError) {
                return try blobs.sweep(olderThan: .seconds(grace), at: System.now(), removing: !isDryRun) {
                    id throws(StoreError) in try store.generations.isReferenced(id)
                }
            } catch {
                throw Refusal("the image files: \(error)")
            }
        }

        /// Asked twice: its user may have deleted it between our looking at the row and at the file.
        private func missing(_ blobs: BlobDirectory, _ store: Store) throws -> [BlobReference] {
            var missing: [BlobReference] = []
            var cursor: Int64?
            repeat {
                let page = try store.generations.blobReferences(after: cursor)
                missing += try page.items.filter {
                    try !blobs.exists($0.blob) && store.generations.isReferenced($0.blob)
                }
                cursor = page.nextCursor
            } while cursor != nil
            return missing
        }
    }
}
