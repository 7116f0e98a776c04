/// A program to be run: bytes in, bytes out, and an end within its time.
///
/// It gets its arguments as they are (no shell reads them), exactly this environment, no open file but its standard
/// ones, no signal mask, no way to more privileges, and what it started goes with it, in whatever session or group.
public struct Subprocess: Sendable {
    let program: String
    let arguments: [String]
    let environment: [String: String]
    let limits: Limits
    let cage: Cage?

    public struct Limits: Sendable {
        /// From its start to its end, by a clock that nobody sets.
        public let time: Duration
        public let outputBytes: Int
        /// Seconds of a processor's time; the kernel ends it after that.
        public let processorSeconds: Int?
        /// Of address space, for each of its processes; more is refused to it.
        public let memoryBytes: Int?
        /// Of memory that it can write, for each of its processes. Some languages reserve much address space and use little.
        public let dataBytes: Int?
        /// Processes and threads of its user, those of others included; root has no such limit.
        public let processes: Int?

        public init(
            time: Duration, outputBytes: Int, processorSeconds: Int? = nil, memoryBytes: Int? = nil,
            dataBytes: Int? = nil, processes: Int? = nil
        ) {
            self.time = time
            self.outputBytes = outputBytes
            self.processorSeconds = processorSeconds
            self.memoryBytes = memoryBytes
            self.dataBytes = dataBytes
            self.processes = processes
        }
    }

    public enum Outcome: Equatable, Sendable {
        case exited(status: Int32, output: [UInt8])
        case signalled(Int32)
        /// These three: ended by us, with everything it had started.
        case timedOut, tooMuchOutput, stopped
        case notStarted(String)
    }

    public struct Ended: Equatable, Sendable {
        public let outcome: Outcome
        /// The first 4 KiB of what it wrote on standard error: for a log, never for a user.
        public let complaint: String
    }

    /// - Parameters:
    ///   - program: a path; see ``find(_:in:)``.
    ///   - cage: without one, it may do what its user may.
    public init(
        program: String, arguments: [String] = [], environment: [String: String], limits: Limits, cage: Cage? = nil
    ) {
        self.program = program
        self.arguments = arguments
        self.environment = environment
        self.limits = limits
        self.cage = cage
    }

    /// Runs it to its end and waits for that. A program that does not read all of its input has its reasons.
    ///
    /// - Parameter isStopping: asked ten times a second; the program is ended once it says so.
    public func run(input: [UInt8] = [], isStopping: () -> Bool = { false }) -> Ended {
        let deadline = MonotonicTime.now() + limits.time
        do throws(Child.NotStarted) {
            let child = try Child(self)
            let exchange = Exchange(with: child, input: input, maximumOutputBytes: limits.outputBytes)
            let verdict = withoutPipeSignal {
                exchange.run(watching: child.process.ended, until: deadline, isStopping: isStopping)
            }
            let outcome = outcome(verdict, of: child.process.end(), exchange)
            return Ended(outcome: outcome, complaint: String(decoding: exchange.errors, as: UTF8.self))
        } catch {
            return Ended(outcome: .notStarted(error.reason), complaint: "")
        }
    }

    private func outcome(_ verdict: Exchange.Verdict, of end: Process.End, _ exchange: Exchange) -> Outcome {
        switch verdict {
        case .timedOut: return .timedOut
        case .tooMuchOutput: return .tooMuchOutput
        case .stopped: return .stopped
        case .ended:
            // What it wrote last may still be in the pipe.
            guard exchange.collect() else { return .tooMuchOutput }
            switch end {
            case .status(let status): return .exited(status: status, output: exchange.output)
            case .signal(let number): return .signalled(number)
            }
        }
    }
}
