import Foundation
import Subprocess
import TestSupport
import Testing

/// What a program that decodes hostile pictures can still do once it obeys its picture, and what an operator's command can.
@Suite struct CageTests {
    /// Says `NAME yes` or `NAME no` for each thing that it tries.
    private static let tries = """
        import ctypes, os, signal, socket, sys
        libc = ctypes.CDLL(None, use_errno=True)
        data = sys.argv[1]
        def attempt(name, action):
            try: done = action()
            except BaseException: done = False
            print(name, "no" if done is False else "yes", flush=True)
        def reads(path): return open(path, "rb").read(1) is not None
        def writes(path):
            with open(path, "wb") as file: file.write(b"x")
        def call(*arguments): return libc.syscall(*arguments) >= 0
        def forks():
            child = os.fork()
            if child == 0: os._exit(0)
            os.waitpid(child, 0)
        def runs(path):
            child = os.posix_spawn(path, [path], {})
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        def becomes():
            for descriptor in (0, 1, 2): os.set_inheritable(descriptor, True)
            os.execv("/bin/true", ["/bin/true"])
        attempt("read the database", lambda: reads(data + "/credits.db"))
        attempt("read the log of the database", lambda: reads(data + "/credits.db-wal"))
        attempt("write the database", lambda: writes(data + "/credits.db"))
        attempt("read an image", lambda: reads(data + "/images/a"))
        attempt("list the images", lambda: os.listdir(data + "/images") is not None)
        attempt("make an image", lambda: writes(data + "/images/b"))
        attempt("link to the database", lambda: os.link(data + "/credits.db", data + "/beside/link"))
        attempt("read what lies beside", lambda: reads(data + "/beside/file"))
        attempt("write beside", lambda: writes(data + "/beside/new"))
        attempt("read /etc/passwd", lambda: reads("/etc/passwd"))
        attempt("write to /dev/shm", lambda: (writes("/dev/shm/cage-%d" % os.getpid()), os.unlink("/dev/shm/cage-%d" % os.getpid())))
        attempt("connect", lambda: socket.create_connection(("127.0.0.1", int(sys.argv[2])), 2))
        attempt("make a local socket", lambda: socket.socketpair())
        attempt("fork", forks)
        attempt("run a program", lambda: runs("/bin/true"))
        attempt("signal the tests", lambda: os.kill(int(sys.argv[3]), 0))
        attempt("trace the tests", lambda: call(101, 0x4206, int(sys.argv[3]), 0, 0))
        attempt("read the tests' memory", lambda: reads("/proc/%s/mem" % sys.argv[3]))
        attempt("make a namespace", lambda: libc.unshare(0x10000000) == 0)
        attempt("take a gigabyte", lambda: len(bytearray(1 << 30)) > 0)
        attempt("gain privileges", lambda: libc.prctl(39, 0, 0, 0, 0) == 0)
        attempt("empty the database", lambda: libc.truncate((data + "/credits.db").encode(), 0) == 0)
        attempt("become another program", becomes)
        """

    private let directory: TemporaryDirectory
    private let listener: Listener

    init() throws {
        directory = try TemporaryDirectory()
        listener = try Listener()
        for folder in ["images", "beside"] {
            try FileManager.default.createDirectory(
                atPath: "\(directory.path)/\(folder)", withIntermediateDirectories: true)
        }
        for file in ["credits.db", "credits.db-wal", "images/a", "beside/file"] {
            try Places.write("secret", to: "\(directory.path)/\(file)")
        }
    }

    /// What it managed to do.
    private func managed(_ cage: Cage?, memoryBytes: Int? = nil, dataBytes: Int? = nil) throws -> Set<String> {
        let python = Subprocess(
            program: "/usr/bin/python3",
            arguments: [
                "-S", "-E", "-c", Self.tries, directory.path, String(listener.port),
                String(ProcessInfo.processInfo.processIdentifier),
            ],
            environment: ["LANG": "C.UTF-8"],
            limits: .init(time: .seconds(60), outputBytes: 1 << 16, memoryBytes: memoryBytes, dataBytes: dataBytes),
            cage: cage)
        let ended = python.run()
        guard case .exited(_, let output) = ended.outcome else {
            throw NeverCame(description: "\(ended.outcome) \(ended.complaint)")
        }
        let lines = String(decoding: output, as: UTF8.self).split(separator: "\n")
        try #require(lines.count >= 22, "\(ended.complaint) \(lines)")
        return Set(lines.filter { $0.hasSuffix(" yes") }.map { String($0.dropLast(4)) })
    }

    @Test func withoutACageMostOfItWorks() throws {
        let managed = try managed(nil)
        #expect(
            managed.isSuperset(of: [
                "read the database", "write the database", "list the images", "read /etc/passwd", "connect", "fork",
                "run a program", "signal the tests", "take a gigabyte",
            ]), "otherwise the tests below show nothing")
        #expect(!managed.contains("gain privileges"))
    }

    /// Landlock as it is in Linux 5.13, Debian 12, Ubuntu 24.04, Debian 13, and here.
    private static let versions: [Int32] = [1, 2, 4, 6, .max]

    @Test(arguments: versions) func aDecoderCanDoNothingButDecode(landlock version: Int32) throws {
        #expect(try managed(.decoder.asOf(landlock: version), memoryBytes: 512 << 20) == [])
    }

    @Test(arguments: versions) func aCommandKeepsItsNetworkAndSeesNothingOfOurs(landlock version: Int32) throws {
        let hidden = ["\(directory.path)/credits.db", "\(directory.path)/images"]
        let cage = Cage.command(without: hidden).asOf(landlock: version)
        #expect(
            try managed(cage, dataBytes: 512 << 20).subtracting(version < 6 ? ["signal the tests"] : []) == [
                "read what lies beside", "write beside", "read /etc/passwd", "write to /dev/shm", "connect",
                "make a local socket", "fork", "run a program",
            ])
        #expect(try Places.text(of: "\(directory.path)/credits.db") == "secret")
    }

    /// A way round by a link, a way up and down again, and a name that begins alike but is hidden with it.
    @Test func noOtherWayLeadsToWhatIsHidden() throws {
        let link = directory.path + "/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: directory.path)
        let script = """
            for way in "$0/credits.db" "$0/beside/../credits.db-wal" "$0/link/credits.db" /proc/self/cwd/credits.db; do
                cat "$way" && echo "$way"
            done
            exit 0
            """
        for hidden in [directory.path, link].map({ "\($0)/credits.db" }) {
            let shell = Subprocess(
                program: "/bin/sh", arguments: ["-c", script, directory.path], environment: ["PATH": "/usr/bin:/bin"],
                limits: .init(time: .seconds(20), outputBytes: 1 << 16), cage: .command(without: [hidden]))
            #expect(shell.run().outcome == .exited(status: 0, output: []))
        }
    }

    /// Swift reads a mark together with the slash before it: by its strings, the directory holds nothing that is hidden.
    @Test func aNameThatBeginsWithAMarkHidesNothingFromTheCage() throws {
        let marked = directory.path + "/\u{301}data"
        try FileManager.default.createDirectory(atPath: marked, withIntermediateDirectories: true)
        for file in ["credits.db", "beside"] { try Places.write("secret", to: "\(marked)/\(file)") }
        let shell = Subprocess(
            program: "/bin/sh", arguments: ["-c", "cat \"$0/credits.db\"; cat \"$0/beside\"", marked],
            environment: ["PATH": "/usr/bin:/bin"], limits: .init(time: .seconds(20), outputBytes: 1 << 16),
            cage: .command(without: ["\(marked)/credits.db"]))
        #expect(shell.run().outcome == .exited(status: 0, output: Array("secret".utf8)), "what lies beside, alone")
    }

    @Test(
        arguments: [
            "setsid sleep $0 &", "(setsid sh -c 'exec sleep $0' $0 &) & wait; sleep 0.2",
            "setsid sh -c 'trap \"\" TERM HUP; while :; do sleep $0; done' $0 & sleep 0.2",
        ], [true, false])
    func aGrandchildInASessionOfItsOwnGoesToo(_ script: String, _ isCutShort: Bool) throws {
        // Nobody else sleeps as long.
        let seconds = String(Int.random(in: 100_000...999_999))
        let shell = Subprocess(
            program: "/bin/sh", arguments: ["-c", script + (isCutShort ? "\nsleep 64" : ""), seconds],
            environment: ["PATH": "/usr/bin:/bin"],
            limits: .init(time: .milliseconds(1500), outputBytes: 1 << 10), cage: .command(without: []))
        let outcome = shell.run().outcome
        if isCutShort { #expect(outcome == .timedOut) }
        let left = try Program("/bin/sh").run(["-c", "pgrep -x sleep -a | grep -e \" $0\" || true", seconds])
        #expect(left.output == "")
    }
}

/// Somebody to connect to.
private final class Listener {
    let port: UInt16
    private let number: Int32

    init() throws {
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                unsafe bind(number, raw, length) == 0 && listen(number, 16) == 0
                    && getsockname(number, raw, &length) == 0
            }
        }
        guard bound else { throw NeverCame(description: "no port is free") }
        self.number = number
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(number) }
}
