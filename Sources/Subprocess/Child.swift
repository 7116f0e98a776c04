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
        process = try Self.start(subprocess, standardFiles: (input.reading, output.writing, errors.writing))
        self.input = input.writing
        self.output = output.reading
        self.errors = errors.reading
        self.input.setNonblocking()
        self.output.setNonblocking()
        self.errors.setNonblocking()
    }

    private static func start(
        _ subprocess: Subprocess, standardFiles: (Descriptor, Descriptor, Descriptor)
    ) throws(NotStarted) -> Process {
        let environment = subprocess.environment.map { "\($0)=\($1)" }
        guard (environment + subprocess.arguments).allSatisfy({ !$0.utf8.contains(0) }) else {
            throw NotStarted(reason: "a text holds a zero byte")
        }
        let ruleset = try ruleset(of: subprocess)
        let filter = subprocess.cage?.calls.instructions ?? []
        defer { extendLifetime((standardFiles, ruleset)) }
        let number = unsafe withTexts([subprocess.program] + subprocess.arguments) { arguments in
            unsafe withTexts(environment) { environment in
                unsafe filter.withUnsafeBytes { filter in
                    unsafe subprocess.program.withCString { program in
                        let limits = subprocess.limits
                        var how = unsafe credits_program(
                            program: program, arguments: arguments, environment: environment,
                            standard_files: (
                                standardFiles.0.number, standardFiles.1.number, standardFiles.2.number
                            ),
                            processor_seconds: limit(limits.processorSeconds), space_bytes: limit(limits.memoryBytes),
                            data_bytes: limit(limits.dataBytes), processes: limit(limits.processes),
                            ruleset: ruleset?.number ?? -1, filter: filter.baseAddress,
                            filter_count: UInt16(filter.count / 8))
                        return unsafe credits_start(&how)
                    }
                }
            }
        }
        guard number > 0 else { throw unsafe NotStarted(reason: String(cString: strerror(errno))) }
        return try Process(number)
    }

    private static func ruleset(of subprocess: Subprocess) throws(NotStarted) -> Descriptor? {
        guard let cage = subprocess.cage else { return nil }
        guard !cage.calls.instructions.isEmpty,
            let ruleset = cage.files.ruleset(for: subprocess.program, newest: cage.newestLandlock)
        else {
            throw NotStarted(reason: "this kernel has no Landlock: Linux 5.13 or newer with it is needed")
        }
        return ruleset
    }

    private static func limit(_ most: Int?) -> rlim_t { most.map { rlim_t($0) } ?? rlim_t.max }

    private static func withTexts<Result>(
        _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>?) -> Result
    ) -> Result {
        let copies = unsafe texts.map { unsafe strdup($0) } + [nil]
        defer { for index in texts.indices { unsafe free(copies[index]) } }
        return unsafe copies.withUnsafeBufferPointer { unsafe body($0.baseAddress) }
    }
}

/// The process that looks after a program: it ends as the program does, when nothing of it is left.
struct Process: ~Copyable {
    private let number: Int32
    /// Readable once the process has ended.
    let ended: Descriptor

    init(_ number: Int32) throws(Child.NotStarted) {
        let watch = credits_pidfd_open(number)
        guard watch >= 0 else {
            let reason = unsafe String(cString: strerror(errno))
            kill(number, SIGTERM)
            _ = Self.wait(for: number)
            throw Child.NotStarted(reason: reason)
        }
        self.number = number
        ended = Descriptor(watch)
    }

    /// Ends the program with all that it started, and answers how it ended, by itself or by this.
    ///
    /// Until it is waited for, the number belongs to nobody else.
    consuming func end() -> End {
        kill(number, SIGTERM)
        let status = Self.wait(for: number)
        // WIFEXITED and its kin are macros, which Swift does not see.
        return status & 0x7F == 0 ? .status(status >> 8 & 0xFF) : .signal(status & 0x7F)
    }

    enum End {
        case status(Int32)
        case signal(Int32)
    }

    private static func wait(for number: Int32) -> Int32 {
        var status: Int32 = 0
        while unsafe waitpid(number, &status, 0) < 0 {
            precondition(errno == EINTR, "A child of ours was waited for by somebody else")
        }
        return status
    }
}
