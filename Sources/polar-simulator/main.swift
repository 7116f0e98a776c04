import FastCGI
import FoundationEssentials
import Glibc

/// Standard error is the log: `deploy/stack` keeps it in `logs/polar-simulator.log`.
func complain(_ text: String) {
    let line = Array((text + "\n").utf8)
    _ = unsafe write(STDERR_FILENO, line, line.count)
}

let environment = ProcessInfo.processInfo.environment
do {
    let settings = try Settings { name in
        if let file = environment[name + "_FILE"] { return try? String(contentsOfFile: file, encoding: .utf8) }
        return environment[name]
    }
    let simulator = try Simulator(settings)
    simulator.start()
    let options = ServeOptions(threads: settings.threads, maximumBodyBytes: 20 << 20, peer: settings.peer)
    serve(options) { simulator.respond(to: $0) }
    simulator.save()
} catch {
    complain("\(error)")
    exit(78)
}
