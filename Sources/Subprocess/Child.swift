private import CProcess
private import Glibc

/// A program that was started, and our ends of its standard files.
struct Child: ~Copyable {
    struct NotStarted: Error { let reason: String }

    let process: Process
    let input: Descriptor
    let output: Descriptor
    let errors: Descriptor

    init(_ subprocess: Subprocess) throws(NotStarted) {
        guard let input = Descriptor.Pipe(), let output = Descriptor.Pipe(), let errors = Descriptor.Pipe() else {
            throw NotStarted(reason: "no descriptors are left")
        }
        process = try Self.spawn(
            subprocess, standardFiles: [input.reading.number, output.writing.number, errors.writing.number])
        self.input = input.writing
        self.output = output.reading
        self.errors = errors.reading
        self.input.setNonblocking()
        self.output.setNonblocking()
        self.errors.setNonblocking()
    }

    private static func spawn(_ subprocess: Subprocess, standardFiles: [Int32]) throws(NotStarted) -> Process {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for (target, source) in standardFiles.enumerated() {
            unsafe posix_spawn_file_actions_adddup2(&actions, source, Int32(target))
        }
        // Ours are all closed at exec; a library's may not be.
        unsafe posix_spawn_file_actions_addclosefrom_np(&actions, 3)

        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        unsafe sigfillset(&signals)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))

        let environment = subprocess.environment.map { "\($0)=\($1)" }
        guard (environment + subprocess.arguments).allSatisfy({ !$0.utf8.contains(0) }) else {
            throw NotStarted(reason: "a text holds a zero byte")
        }
        var number: Int32 = 0
        let code = unsafe withTexts([subprocess.program] + subprocess.arguments) { arguments in
            unsafe withTexts(environment) { environment in
                unsafe posix_spawn(&number, subprocess.program, &actions, &attributes, arguments, environment)
            }
        }
        guard code == 0 else { throw unsafe NotStarted(reason: String(cString: strerror(code))) }
        return try Process(number, limits: subprocess.limits)
    }

    private static func withTexts<Result>(
        _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = unsafe texts.map { unsafe strdup($0) }
        defer { for index in texts.indices { unsafe free(copies[index]) } }
        return unsafe body(copies + [nil])
    }
}

/// A process and the group that it leads.
struct Process: ~Copyable {
    private let number: Int32
    /// Readable once the process has ended.
    let ended: Descriptor

    /// The limits hold before the program can have read anything: it gets its input after this.
    init(_ number: Int32, limits: Subprocess.Limits) throws(Child.NotStarted) {
        let watch = credits_pidfd_open(number)
        guard watch >= 0, Self.limit(number, limits) else {
            let reason = unsafe String(cString: strerror(errno))
            kill(-number, SIGKILL)
            _ = Self.wait(for: number)
            if watch >= 0 { close(watch) }
            throw Child.NotStarted(reason: reason)
        }
        self.number = number
        ended = Descriptor(watch)
    }

    /// Ends the whole group and answers how its leader ended, by itself or by this.
    ///
    /// Until it is waited for, its number belongs to nobody else, and so does the group's.
    consuming func end() -> End {
        kill(-number, SIGKILL)
        let status = Self.wait(for: number)
        // WIFEXITED and its kin are macros, which Swift does not see.
        return status & 0x7F == 0 ? .status(status >> 8 & 0xFF) : .signal(status & 0x7F)
    }

    enum End {
        case status(Int32)
        case signal(Int32)
    }

    private static func limit(_ number: Int32, _ limits: Subprocess.Limits) -> Bool {
        let set = [
            (credits_limit_core, 0), (credits_limit_cpu, limits.processorSeconds),
            (credits_limit_space, limits.memoryBytes),
        ]
        return set.allSatisfy { resource, most in
            guard let most else { return true }
            return credits_limit(number, Int32(resource), UInt(most)) == 0
        }
    }

    private static func wait(for number: Int32) -> Int32 {
        var status: Int32 = 0
        while unsafe waitpid(number, &status, 0) < 0 {
            precondition(errno == EINTR, "A child of ours was waited for by somebody else")
        }
        return status
    }
}
