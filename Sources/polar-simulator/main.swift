import Core
import FastCGI
import System

// Reads its settings and serves; what is played where is in Simulator.swift.
do {
    let settings = try SimulatorSettings(System.environment())
    let log = JSONLog(program: "polar-simulator", level: settings.serving.logLevel)
    let simulator = try Simulator(settings, log: log.callAsFunction)
    simulator.start()
    log(LogLine(.notice, "process.started"))
    var options = ServeOptions()
    // Calls of the provider take long, and hang if they are told to: each has a thread.
    options.threads = max(settings.serving.threads, 2 * ProviderState.mostHanging)
    options.maximumBodyBytes = 20 << 20
    options.peer = settings.serving.peer
    serve(options, respond: simulator.respond)
    simulator.save()
    log(LogLine(.notice, "process.stopped"))
} catch {
    System.fail(error)
}
