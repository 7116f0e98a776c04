internal import Core
private import Identity

/// Looks at a whole installation, and says of each thing whether it is right and, if not, what to do.
///
/// It changes nothing, except that the inbox keeps the event that it sends to itself.
public struct Doctor: Sendable {
    let dependencies: DoctorDependencies
    let wish: DoctorWish

    public init(dependencies: DoctorDependencies, wish: DoctorWish) {
        self.dependencies = dependencies
        self.wish = wish
    }

    public func findings() -> [Finding] {
        var findings = settingsFindings() + secretFindings() + fileFindings() + databaseFindings() + diskFindings()
        findings += socketFindings() + timerFindings() + generatorFindings()
        if wish.isOffline {
            findings += ["polar", "site", "sign_in"].map { .skipped($0, "not looked at: --offline") }
        } else {
            findings += polarFindings() + siteFindings() + signInFindings()
        }
        return findings
    }

    // MARK: Settings, one at a time: a wrong one must not hide what the others lead to

    /// What a reader reads, unless something is wrong with it.
    func setting<Value>(_ read: (inout EnvironmentReader) -> Value) -> Value? {
        var reader = dependencies.environment()
        let value = read(&reader)
        return (try? reader.finish()) == nil ? nil : value
    }

    var store: StoreSettings? { setting { StoreSettings(&$0) } }
    var environment: Environment? { setting { $0.choice("POLAR_SERVER", default: nil) } }
    var product: Product.ID? { setting { $0.identifier("POLAR_PRODUCT_ID", of: Product.self) } }
    var publicURL: String? { setting { $0.address("CREDITS_PUBLIC_URL") } }
    var webhookSecrets: [Secret]? { setting { $0.secrets("POLAR_WEBHOOK_SECRET", minimumBytes: 24) } }
    var images: String? { setting { $0.text("CREDITS_IMAGES") } }

    var polarSettings: PolarSettings? {
        guard let environment else { return nil }
        return setting { PolarSettings(&$0, environment: environment) }
    }

    /// The store, if it can be opened; why not, the database's own lines say.
    func openStore() -> Store? {
        guard let store else { return nil }
        return try? dependencies.openStore(store)
    }

    private func settingsFindings() -> [Finding] {
        let programs: [(name: String, error: SettingsError?)] = [
            ("polar-orders", faults(PolarOrdersSettings.init)), ("checkout", faults(CheckoutSettings.init)),
            ("generations", faults(GenerationsSettings.init)), ("auth", faults(AuthSettings.init)),
            ("admin", faults(AdminSettings.init)), ("generation-worker", faults(WorkerSettings.init)),
            ("creditctl reconcile", faults(ReconcileSettings.init)), ("creditctl prune", faults(PruneSettings.init)),
        ]
        var users: [(fault: SettingsError.Fault, programs: [String])] = []
        for program in programs {
            for fault in program.error?.faults ?? [] {
                if let index = users.firstIndex(where: { $0.fault == fault }) {
                    users[index].programs.append(program.name)
                } else {
                    users.append((fault, [program.name]))
                }
            }
        }
        guard !users.isEmpty else {
            return .ok("settings", "the settings of all \(programs.count) programs can be read")
        }
        return users.map { fault, programs in
            .fault(
                "settings", "\(fault.name) \(fault.reason)",
                "set it for \(programs.joined(separator: ", ")) as deploy/settings.example.env says, and restart them")
        }
    }

    private func faults<Settings>(
        _ read: (consuming EnvironmentReader) throws(SettingsError) -> Settings
    ) -> SettingsError? {
        do throws(SettingsError) {
            _ = try read(dependencies.environment())
            return nil
        } catch {
            return error
        }
    }

    // MARK: Secrets

    private func secretFindings() -> [Finding] {
        let check = "webhook_secret"
        guard WebhookSelfTest.knownSignaturesHold() else {
            return .fault(
                check, "known signatures are not verified as they should be",
                "the executables are damaged: install them again")
        }
        guard let secrets = webhookSecrets else {
            return .skipped(check, "POLAR_WEBHOOK_SECRET cannot be used, as said above")
        }
        return secrets.enumerated().map { index, secret in
            let schemes = WebhookSelfTest.schemes(of: secret, at: dependencies.now())
            let name = secrets.count == 1 ? "the secret" : "secret \(index + 1) of \(secrets.count)"
            if schemes.contains(.standard) {
                return .ok(check, "\(name) signs and verifies under both key schemes")
            }
            return schemes.isEmpty
                ? .fault(check, "\(name) does not verify what it signs", "copy it anew from Polar's dashboard")
                : .warning(
                    check,
                    "\(name) is none that Polar makes today: it works as one from before 2026-09-08 or of one's own",
                    "if Polar made it, copy it anew from the dashboard: a character may be missing")
        }
    }
}
