import ArgumentParser
import Interface
import JSON

struct OpenAPICommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "openapi", abstract: "Prints the description of the API, as /openapi.json has it.")

    func run() { print(Description.json.text) }
}
