import Clients
import Core
import TestSupport
import Worker

extension Program {
    /// A program as the provider, as the worker uses it.
    static func commandGenerator(_ command: String) throws -> WorkerDependencies.Generate {
        let generator = try CommandGenerator(command: command, path: "/usr/bin:/bin", timeout: .seconds(20))
        return { input, isStopping throws(GenerationFault) in try generator.generate(input, isStopping: isStopping) }
    }

    static func cleaner() throws -> WorkerDependencies.Clean {
        let cleaner = try ImageCleaner(path: "/usr/bin:/bin")
        return { bytes, kind, isStopping throws(CleaningFault) in
            try cleaner.clean(bytes, kind, isStopping: isStopping)
        }
    }
}
