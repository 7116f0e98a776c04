internal import Core
private import FoundationEssentials
internal import HTTP
internal import JOSE
internal import Threads

/// All that the simulator plays, behind one function.
struct Simulator: Sendable {
    private let world: Monitor<World>
    private let polar: Polar
    private let provider: Provider
    private let issuer: Issuer
    private let checkoutPage: CheckoutPage
    private let control: Control
    private let controlPage: ControlPage
    private let stateFile: String?
    private let saving = Monitor(())
    private let log: @Sendable (LogLine) -> Void

    /// - Parameter key: signs the tokens of an issuer that has no saved state; a new one without it.
    init(_ settings: SimulatorSettings, key: JWK? = nil, log: @escaping @Sendable (LogLine) -> Void) throws {
        self.log = log
        stateFile = settings.stateFile
        let kept = try Self.saved(in: settings.stateFile, log: log) ?? Self.new(key)
        world = Monitor(World(settings: settings, kept: kept))
        polar = Polar(world: world)
        provider = Provider(world: world, painter: Painter(path: settings.path), log: log)
        issuer = Issuer(world: world, settings: settings, key: try JWK(json: Array(kept.signingKey.utf8)))
        checkoutPage = CheckoutPage(world: world, settings: settings)
        control = Control(world: world)
        controlPage = ControlPage(world: world)
    }

    func respond(to request: Request) -> Response {
        if request.path.hasPrefix("/v1/") { return polar.respond(to: request) }
        if let response = provider.respond(to: request) { return response }
        if let response = issuer.respond(to: request) ?? checkoutPage.respond(to: request) { return response }
        if let response = control.respond(to: request) ?? controlPage.respond(to: request) { return response }
        switch request.path {
        case "/simulator.css": return Page.stylesheet
        case "/favicon.ico": return Response(.noContent)
        case "/healthz": return Response(.ok)
        case _:
            return Page.message.response(
                .notFound, ["title": "Nothing here", "text": "The simulator has no such page."])
        }
    }

    /// Begins to deliver webhooks and, if there is a file for it, to save the state every half second or so.
    func start() {
        Deliverer(world: world).start()
        guard stateFile != nil else { return }
        startThread {
            var pause = Duration.milliseconds(500)
            while true {
                _ = world.wait(atMost: pause) { _ in Bool?.none }
                // A large state takes long to write: never more than a twentieth of the time.
                pause = max(.milliseconds(500), ContinuousClock().measure { save() } * 20)
            }
        }
    }

    /// One at a time: whoever ends the process waits for what is being written.
    func save() { saving.withLock { _ in saveNow() } }

    private func saveNow() {
        guard let stateFile, let kept = world.withLock({ $0.unsaved() }) else { return }
        do {
            try JSONEncoder().encode(kept).write(to: URL(filePath: stateFile), options: .atomic)
            // It holds the issuer's key.
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: stateFile)
        } catch {
            log(LogLine(.error, "state.not_saved", ["state.reason": "\(error)"]))
        }
    }

    /// What an earlier version wrote and this one cannot read is no reason not to start: nothing in it is real.
    private static func saved(in file: String?, log: (LogLine) -> Void) -> World.Kept? {
        guard let file, FileManager.default.fileExists(atPath: file) else { return nil }
        do {
            return try JSONDecoder().decode(World.Kept.self, from: Data(contentsOf: URL(filePath: file)))
        } catch {
            log(LogLine(.warning, "state.not_read", ["state.reason": "\(error)"]))
            return nil
        }
    }

    private static func new(_ key: JWK?) throws -> World.Kept {
        let key = try key ?? JWK.generate(.rs256, keyID: Issuer.keyID)
        return World.Kept(signingKey: String(decoding: key.json, as: UTF8.self))
    }
}
