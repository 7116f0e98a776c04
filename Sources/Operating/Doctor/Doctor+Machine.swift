internal import Core
internal import JSON

/// What this machine can tell by itself.
extension Doctor {
    // MARK: Files

    func fileFindings() -> [Finding] {
        var findings: [Finding] = []
        if let database = store?.database {
            for name in ["", "-wal", "-shm"].map({ database + $0 }) where isOpenToOthers(name) {
                findings += .fault("permissions", "everybody on this machine can read \(name)", "chmod o= \(name)")
            }
        }
        findings += imageFindings()
        for setting in ["POLAR_ACCESS_TOKEN", "POLAR_WEBHOOK_SECRET", "OIDC_CLIENT_SECRET", "GEMINI_API_KEY"] {
            guard let path = dependencies.environment().optional(setting + "_FILE"), isOpenToOthers(path) else {
                continue
            }
            findings += .fault(
                "permissions", "everybody on this machine can read the file of \(setting)_FILE",
                "chmod 0400 it, and change the secret at its source: it may be known")
        }
        let isRight = findings.allSatisfy { $0.check != "permissions" }
        return findings + (isRight ? .ok("permissions", "database and secrets are closed to others") : [])
    }

    /// Whether the file, and every directory on the way to it, lets everybody in.
    private func isOpenToOthers(_ path: String) -> Bool {
        guard case .seen(_, let mode) = dependencies.look(path), mode & 0o004 != 0 else { return false }
        var directory = path
        while let slash = directory.lastIndex(of: "/"), slash > directory.startIndex {
            directory = String(directory[..<slash])
            guard case .seen(_, let mode) = dependencies.look(directory), mode & 0o001 != 0 else { return false }
        }
        return true
    }

    private func imageFindings() -> [Finding] {
        guard let images else { return [] }
        switch dependencies.look(images) {
        case .seen(.directory, let mode):
            guard dependencies.canWrite(images) else {
                return .fault(
                    "images", "CREDITS_IMAGES cannot be written to", "give it to the user that runs the programs")
            }
            guard mode & 0o002 == 0 else {
                return .fault("images", "everybody can write to CREDITS_IMAGES", "chmod o= the directory")
            }
            return .ok("images", "CREDITS_IMAGES can be written to")
        case .seen, .missing:
            return .fault("images", "CREDITS_IMAGES is no directory", "make it, for the user that runs the programs")
        case .denied:
            return .fault("images", "CREDITS_IMAGES cannot be looked into", "check the directories above it")
        }
    }

    private static func octal(_ mode: UInt32) -> String { "0" + String(mode, radix: 8) }

    // MARK: Database

    func databaseFindings() -> [Finding] {
        let check = "database"
        guard let settings = store else { return .skipped(check, "CREDITS_DATABASE cannot be used, as said above") }
        let facts: DatabaseFacts
        do throws(StoreError) {
            facts = try dependencies.inspect(settings)
        } catch {
            return .fault(
                check, "it cannot be opened: \(error.description)", "check CREDITS_DATABASE and its permissions")
        }
        var findings: [Finding] = []
        if facts.journalMode != "wal" {
            findings += .fault(
                check, "its journal is \(facts.journalMode), not WAL: writers and readers block each other",
                "stop the programs, run creditctl migrate, start them")
        }
        if facts.synchronous != 2 {
            findings += .fault(check, "commits are not synchronous", "install the executables again")
        }
        if facts.walBytes > DatabaseFacts.mostWalBytes {
            findings += .warning(
                check, "its write-ahead log has \(facts.walBytes >> 20) MiB: some program reads without an end",
                "find it with fuser \(settings.database) and end it; the log is emptied with the next commit")
        }
        guard facts.schema == facts.expectedSchema else {
            return findings
                + .fault(
                    "schema", "the database has schema \(facts.schema), these programs need \(facts.expectedSchema)",
                    facts.schema < facts.expectedSchema
                        ? "run creditctl migrate" : "install the newer programs that migrated it")
        }
        do throws(StoreError) {
            try dependencies.openStore(settings).operations.check()
        } catch {
            return findings
                + .fault(check, "it cannot be written to: \(error.description)", "check its permissions and the disk")
        }
        if findings.isEmpty {
            findings += .ok(check, "it can be written to, in WAL mode, schema \(facts.schema), synchronous commits")
        }
        return findings + ageFindings()
    }

    /// What should have happened lately.
    private func ageFindings() -> [Finding] {
        guard let store = openStore() else { return [] }
        let hour = 3600
        let expected: [(operation: Operation, most: Int, unit: String)] = [
            (.reconcile, hour, "polar-credits-reconcile.timer"),
            (.reconcileDeep, 50 * hour, "polar-credits-reconcile-deep.timer"),
            (.ledgerVerify, 50 * hour, "polar-credits-ledger-verify.timer"),
            (.backup, 50 * hour, "polar-credits-backup.timer"),
        ]
        return expected.map { operation, most, unit in
            let name = operation.rawValue
            let advice = "systemctl status \(unit), or run it by hand"
            let report: OperationReport?
            do throws(StoreError) { report = try store.operations.report(on: operation) } catch {
                return .fault(name, "what it found last cannot be read: \(error.description)", "check the database")
            }
            guard let report else { return .warning(name, "it has never run here", advice) }
            let age = report.at.distance(to: dependencies.now()).components.seconds
            let when = "it ran \(age / 60) minutes ago"
            if report.facts["ok"] == false {
                return .warning(
                    name, "\(when) and could not read all", "run creditctl reconcile: it names what it misses")
            }
            if let faults = report.facts["faults"]?.integer, faults > 0 {
                return .fault(name, "\(when) and found \(faults) faults", "run creditctl ledger verify: it names each")
            }
            return age > Int64(most) ? .warning(name, when, advice) : .ok(name, when)
        }
    }

    // MARK: Disk, sockets, timers

    func diskFindings() -> [Finding] {
        let places = [("CREDITS_DATABASE", store?.database), ("CREDITS_IMAGES", images.map { $0 + "/." })]
        return places.compactMap { name, path -> Finding? in
            guard let path else { return nil }
            guard let free = dependencies.freeBytes(path) else {
                return .warning("disk", "the system does not tell how much is free at \(name)", "check that it exists")
            }
            let words = "\(free >> 20) MiB are free at \(name)"
            let advice = "make room: below 64 MiB nothing is accepted any more"
            if free < wish.minimumFreeBytes { return .fault("disk", words, advice) }
            return free / 4 < wish.minimumFreeBytes ? .warning("disk", words, advice) : .ok("disk", words)
        }
    }

    func socketFindings() -> [Finding] {
        let check = "sockets"
        switch dependencies.look(wish.sockets) {
        case .seen(.directory, _): break
        case .denied: return .skipped(check, "\(wish.sockets) is closed to this user, as it should be")
        case .seen, .missing: return .skipped(check, "there is no directory \(wish.sockets): --sockets names another")
        }
        let names = ["admin", "auth", "checkout", "generations", "polar-orders"]
        let findings = names.compactMap { name -> Finding? in
            switch dependencies.look("\(wish.sockets)/\(name).sock") {
            case .seen(.socket, let mode):
                guard mode & 0o002 != 0 else { return nil }
                return .fault(
                    check, "everybody on this machine can connect to \(name).sock: mode \(Self.octal(mode))",
                    "only nginx's group may: see deploy/systemd")
            case .seen, .missing:
                return .fault(check, "there is no socket \(name).sock", "systemctl status polar-credits-\(name).socket")
            case .denied: return .skipped(check, "\(name).sock is closed to this user")
            }
        }
        return findings.isEmpty ? .ok(check, "all \(names.count) are there, and closed to others") : findings
    }

    func timerFindings() -> [Finding] {
        let names = ["backup", "blobs-sweep", "inbox-prune", "ledger-verify", "reconcile", "reconcile-deep"]
        let states = names.map { (name: $0, state: dependencies.unitState("polar-credits-\($0).timer")) }
        guard states.contains(where: { $0.state != nil }) else {
            return .skipped(
                "timers", "no systemd answers here: see to it that reconcile, backup and ledger verify run regularly")
        }
        let idle = states.filter { $0.state != "active" }
        guard !idle.isEmpty else { return [workerFinding(), .ok("timers", "all \(names.count) are active")] }
        return [workerFinding()]
            + idle.map { name, state in
                .warning(
                    "timers", "polar-credits-\(name).timer is \(state ?? "unknown")",
                    "systemctl enable --now polar-credits-\(name).timer")
            }
    }

    /// Nobody but systemd can tell: no request reaches it.
    private func workerFinding() -> Finding {
        let unit = "polar-credits-generation-worker.service"
        let state = dependencies.unitState(unit) ?? "unknown"
        return state == "active"
            ? .ok("worker", "\(unit) is active")
            : .fault("worker", "\(unit) is \(state): nothing is generated", "journalctl -u \(unit)")
    }

    // MARK: The generator

    func generatorFindings() -> [Finding] {
        let check = "generator"
        let settings: WorkerSettings
        do throws(SettingsError) { settings = try WorkerSettings(dependencies.environment()) } catch {
            return .skipped(check, "the worker's settings cannot be used, as said above")
        }
        switch dependencies.tools(settings) {
        case .missing(let what):
            return .fault(check, what, "install it, or correct GENERATOR_COMMAND, then restart the worker")
        case .ready: break
        }
        switch settings.generator {
        case .gemini(let gemini):
            return .ok(check, "Gemini (\(gemini.model)) has a key, and the picture tools are there")
                + providerFindings()
        case .command:
            return .ok(check, "the command can be run, and the picture tools are there") + providerFindings()
        }
    }

    /// What the worker noted of the image service when it last paused or went on.
    private func providerFindings() -> [Finding] {
        let check = "provider"
        guard let store = openStore() else { return [] }
        let report: OperationReport?
        do throws(StoreError) { report = try store.operations.report(on: .provider) } catch {
            return .fault(check, "how it answers cannot be read: \(error.description)", "check the database")
        }
        guard let report, report.facts["paused"]?.bool == true else {
            return .ok(check, "the worker does not wait for it")
        }
        let since = Instant(rawValue: report.facts["since_ms"]?.integer ?? report.at.rawValue)
        let minutes = max(0, since.distance(to: dependencies.now()).components.seconds / 60)
        let words = "the worker has waited for it for \(minutes) minutes: "
        let log = "journalctl -u polar-credits-generation-worker tells the provider's own words"
        switch report.facts["cause"]?.string.flatMap(Outage.Cause.init) {
        case .misconfigured:
            return .fault(check, words + "it refuses our key or model", "check GEMINI_API_KEY and GEMINI_MODEL; " + log)
        case .ours: return .fault(check, words + "our own disk or picture tools fail", "check the disk; " + log)
        case .timeout:
            return .warning(check, words + "it does not answer in time", "jobs wait and lose nothing; " + log)
        case .limited:
            return .warning(check, words + "it is not reached or says not now", "look at its quota and network; " + log)
        case .unavailable, nil:
            return .warning(check, words + "it does not work", "jobs wait and lose nothing; " + log)
        }
    }
}
