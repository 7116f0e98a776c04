import Clients
import Core
import HTTPClient
import Worker

/// What the worker needs beside its settings; missing ones are told all at once.
struct WorkerTools {
    let cleaner: ImageCleaner
    let generate: WorkerDependencies.Generate

    struct Missing: Error, CustomStringConvertible {
        let tools: [MissingTool]
        var description: String { tools.map(\.description).joined(separator: "\n") }
    }

    init(_ settings: WorkerSettings) throws(Missing) {
        var missing: [MissingTool] = []
        let cleaner = Self.noting(&missing) { () throws(MissingTool) in try ImageCleaner(path: settings.path) }
        let generate = Self.noting(&missing) { () throws(MissingTool) in try Self.generator(settings) }
        guard let cleaner, let generate else { throw Missing(tools: missing) }
        self.cleaner = cleaner
        self.generate = generate
    }

    private static func noting<Tool>(
        _ missing: inout [MissingTool], _ make: () throws(MissingTool) -> Tool
    ) -> Tool? {
        do throws(MissingTool) {
            return try make()
        } catch {
            missing.append(error)
            return nil
        }
    }

    private static func generator(_ settings: WorkerSettings) throws(MissingTool) -> WorkerDependencies.Generate {
        switch settings.generator {
        case .command(let command):
            let generator = try CommandGenerator(
                command: command, path: settings.path, timeout: settings.timeout,
                memoryBytes: settings.commandMemoryBytes, hidden: [settings.store.database, settings.images])
            return { input, isStopping throws(GenerationFault) in
                try generator.generate(input, isStopping: isStopping)
            }
        case .gemini(let gemini):
            let client = GeminiClient(
                address: gemini.address, key: gemini.key, model: gemini.model,
                http: HTTPClient(
                    totalTimeout: settings.timeout, maximumResponseBytes: GeminiClient.maximumAnswerBytes))
            // A call in hand cannot be ended: a stopping worker leaves it behind.
            return { input, _ throws(GenerationFault) in try client.generate(input) }
        }
    }
}
