private import CSeccomp

/// Which system calls a program may make, as the kernel reads it: made once, by libseccomp.
struct CallFilter: Sendable {
    /// Instructions of eight bytes each.
    let instructions: [UInt8]

    /// Refuses what is not named: a decoder reads, computes and writes. Files it may open are the ruleset's affair.
    static let decoder = CallFilter(
        allowed: [
            "access", "arch_prctl", "brk", "clock_getres", "clock_gettime", "clock_nanosleep", "close",
            "close_range", "dup", "dup2", "dup3", "eventfd2", "execve", "exit", "exit_group", "faccessat",
            "faccessat2", "fadvise64", "fcntl", "fstat", "fstatfs", "futex", "futex_waitv", "get_mempolicy",
            "get_robust_list", "getcwd", "getdents64", "getegid", "geteuid", "getgid", "getpid", "getppid",
            "getrandom", "getresgid", "getresuid", "getrlimit", "getrusage", "gettid", "gettimeofday", "getuid",
            "lseek", "lstat", "madvise", "membarrier", "mincore", "mmap", "mprotect", "mremap", "munmap",
            "nanosleep", "newfstatat", "open", "openat", "pipe", "pipe2", "poll", "ppoll", "pread64", "preadv",
            "pselect6", "read", "readlink", "readlinkat", "readv", "restart_syscall", "rseq", "rt_sigaction",
            "rt_sigprocmask", "rt_sigreturn", "sched_getaffinity", "sched_yield", "select", "set_robust_list",
            "set_tid_address", "sigaltstack", "stat", "statfs", "statx", "sysinfo", "time", "times", "umask",
            "uname", "write", "writev",
        ])

    /// Refuses what looks into other processes or asks for what no unit of ours allows; and to cut a file by its name, which
    /// Landlock cannot refuse before Linux 6.2.
    static let command = CallFilter(
        refused: [
            "acct", "add_key", "bpf", "chroot", "delete_module", "finit_module", "fsconfig", "fsmount", "fsopen",
            "init_module", "io_uring_enter", "io_uring_register", "io_uring_setup", "kcmp", "kexec_file_load",
            "kexec_load", "keyctl", "mount", "mount_setattr", "move_mount", "name_to_handle_at",
            "open_by_handle_at", "open_tree", "perf_event_open", "pidfd_getfd", "pivot_root", "process_madvise",
            "process_vm_readv", "process_vm_writev", "ptrace", "quotactl", "reboot", "request_key", "setns",
            "swapoff", "swapon", "syslog", "truncate", "umount2", "unshare", "userfaultfd",
        ])

    private init(allowed names: [String]) {
        self.init(otherwise: credits_seccomp_refuse) { filter in
            for name in names { filter.add(name, credits_seccomp_allow) }
            // A thread is no process. What is newer hides its flags in memory: then glibc takes the older.
            filter.add("clone", credits_seccomp_allow, [.has(argument: 0, bits: 0x0001_0000)])
            filter.add("clone3", credits_seccomp_unknown)
            // Names of threads, and its own limits, which cannot grow.
            filter.add("prctl", credits_seccomp_allow, [.equals(argument: 0, 15)])
            filter.add("prlimit64", credits_seccomp_allow, [.equals(argument: 0, 0)])
            // Whether a descriptor is a terminal, how much waits in a pipe.
            filter.add("ioctl", credits_seccomp_allow, [.equals(argument: 1, 0x5401)])
            filter.add("ioctl", credits_seccomp_allow, [.equals(argument: 1, 0x541B)])
        }
    }

    private init(refused names: [String]) {
        self.init(otherwise: credits_seccomp_allow) { filter in
            for name in names { filter.add(name, credits_seccomp_refuse) }
        }
    }

    private init(otherwise action: UInt32, _ build: (inout Rules) -> Void) {
        var rules = Rules(otherwise: action)
        build(&rules)
        instructions = rules.exported()
    }
}

/// libseccomp's own list of rules.
@safe private struct Rules: ~Copyable {
    private let context: scmp_filter_ctx

    struct Condition {
        private let comparison: scmp_arg_cmp

        static func equals(argument: UInt32, _ value: UInt64) -> Condition {
            Condition(comparison: scmp_arg_cmp(arg: argument, op: SCMP_CMP_EQ, datum_a: value, datum_b: 0))
        }

        static func has(argument: UInt32, bits: UInt64) -> Condition {
            Condition(comparison: scmp_arg_cmp(arg: argument, op: SCMP_CMP_MASKED_EQ, datum_a: bits, datum_b: bits))
        }

        var raw: scmp_arg_cmp { comparison }
    }

    init(otherwise action: UInt32) {
        guard let context = unsafe seccomp_init(action) else { preconditionFailure("No memory for a filter") }
        unsafe self.context = context
    }

    deinit { unsafe seccomp_release(context) }

    /// A call that this processor, or this version of the library, does not know cannot be made by its name.
    mutating func add(_ name: String, _ action: UInt32, _ conditions: [Condition] = []) {
        let number = unsafe seccomp_syscall_resolve_name(name)
        guard number != __NR_SCMP_ERROR else { return }
        let comparisons = conditions.map(\.raw)
        let code = unsafe seccomp_rule_add_array(context, action, number, UInt32(comparisons.count), comparisons)
        precondition(code == 0, "libseccomp refuses a rule for \(name): \(code)")
    }

    func exported() -> [UInt8] {
        guard let pipe = Descriptor.Pipe() else { return [] }
        // Some hundred instructions; a pipe holds eight thousand.
        guard unsafe seccomp_export_bpf(context, pipe.writing.number) == 0 else { return [] }
        pipe.writing.close()
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case .bytes(let count) = pipe.reading.read(into: &buffer) { bytes += buffer[..<count] }
        return bytes
    }
}
