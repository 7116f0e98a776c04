import ArgumentParser
import Clients
import Core
import Crypto
import HTTPClient
import Interface
import JSON
import Operating
import System

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Looks at the whole installation: says what is wrong, and what to do about it.",
        discussion: """
            Settings of every program, the webhook secret, clock, access token and its scopes, product and endpoint at \
            Polar, the way from the public address into the inbox, database, disk, permissions, timers, sign-in and \
            the generator. It changes nothing, but the inbox keeps the event that it sends to itself.

            Run it with the programs' settings and as their user. Exit code 0: no fault. Exit code 1: at least one.
            """)

    @Flag(help: "Leave out what needs the network.")
    var offline = false
    @Option(help: "MiB that must be free where the database and the images are.")
    var free = 256
    @Option(help: "The directory of the handlers' sockets.")
    var sockets = "/run/polar-credits/run"
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...1_000_000_000).contains(free) else { throw ValidationError("--free is a whole number above 0.") }
    }

    func run() throws {
        let findings = Doctor(
            dependencies: .real,
            wish: DoctorWish(isOffline: offline, minimumFreeBytes: Int64(free) << 20, sockets: sockets)
        ).findings()
        let faults = findings.count { $0.level == .fault }
        let warnings = findings.count { $0.level == .warning }
        output.print([
            "ok": .bool(faults == 0), "faults": .integer(Int64(faults)), "warnings": .integer(Int64(warnings)),
            "findings": .array(findings.map(Finding.shape.json)),
        ]) {
            (findings.map(\.lines) + ["\(faults) faults, \(warnings) warnings"]).joined(separator: "\n")
        }
        guard faults == 0 else { throw Refusal("\(faults) faults") }
    }
}

extension Finding {
    fileprivate var lines: String {
        func padded(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(1, width - text.count))
        }
        let advice = advice.map { "\n" + padded("", 9) + "-> \($0)" } ?? ""
        return padded(level.rawValue, 9) + padded(check, 22) + text + advice
    }
}

extension DoctorDependencies {
    fileprivate static var real: DoctorDependencies {
        DoctorDependencies(
            environment: { System.environment() }, look: System.look(at:), canWrite: System.canWrite,
            text: System.text(ofFile:), freeBytes: { System.freeBytes(beside: $0) },
            polar: { settings in
                let polar = PolarClient(
                    settings, http: HTTPClient(connectTimeout: .seconds(5), totalTimeout: .seconds(20)))
                return { method, path, body throws(PolarFailure) in try polar.probe(method, path, body: body) }
            },
            call: { call in
                let http = HTTPClient(
                    connectTimeout: .seconds(5), totalTimeout: .seconds(20),
                    connectTo: call.isLocal ? "127.0.0.1" : nil)
                do throws(HTTPClientError) {
                    let answer = try http.send(
                        HTTPClient.Call(method: call.method, url: call.url, headers: call.headers, body: call.body))
                    return .answered(status: answer.status, body: answer.body)
                } catch {
                    return .failed(PolarFailure(error).description)
                }
            },
            tools: tools,
            unitState: { unit in
                SystemUnits(path: "/usr/bin:/bin")?.state(of: unit)
            },
            inspect: { settings throws(StoreError) in try Store.inspect(settings.file) },
            openStore: { settings throws(StoreError) in
                try Store(settings)
            },
            now: System.now, random: randomBytes)
    }

    private static func tools(_ settings: WorkerSettings) -> Tools {
        do throws(MissingTool) {
            _ = try ImageCleaner(path: settings.path)
            switch settings.generator {
            case .gemini: break
            case .command(let command):
                _ = try CommandGenerator(command: command, path: settings.path, timeout: settings.timeout)
            }
            return .ready
        } catch {
            return .missing(error.description)
        }
    }
}
