#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Debian 12's headers know of two of the structure's members.
struct ruleset { uint64_t files, network, scopes; };

int credits_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int credits_landlock_version(void) {
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
    return version > 0 ? (int)version : 0;
}

int credits_landlock_ruleset(uint64_t files, uint64_t network, uint64_t scopes) {
    struct ruleset ruleset = {files, network, scopes};
    // A kernel takes a longer structure than it knows if the rest is zero.
    return (int)syscall(SYS_landlock_create_ruleset, &ruleset, sizeof ruleset, 0);
}

int credits_landlock_allow(int ruleset, const char *path, uint64_t rights) {
    struct { uint64_t rights; int32_t directory; } __attribute__((packed)) rule = {rights, 0};
    struct stat facts;
    int file = open(path, O_PATH | O_CLOEXEC);
    if (file < 0) return -1;
    int result = fstat(file, &facts);
    if (result == 0) {
        if (!S_ISDIR(facts.st_mode)) {
            rule.rights &= credits_file_execute | credits_file_write | credits_file_read | credits_file_truncate
                | credits_device_control;
        }
        rule.directory = file;
        result = (int)syscall(SYS_landlock_add_rule, ruleset, 1, &rule, 0);
    }
    close(file);
    return result;
}

static void fail(int report) {
    int code = errno;
    while (write(report, &code, sizeof code) < 0 && errno == EINTR) {}
    _exit(127);
}

static int limit(int resource, rlim_t most) {
    struct rlimit limits = {most, most};
    return most == RLIM_INFINITY ? 0 : setrlimit(resource, &limits);
}

// From here to exec: only what a signal handler may do.
static void become(const struct credits_program *how, int report) {
    int files[3];
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigset_t none;
    struct sock_fprog filter = {how->filter_count, (struct sock_filter *)how->filter};

    if (setpgid(0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail(report);
    for (int index = 0; index < 3; index++) {
        files[index] = fcntl(how->standard_files[index], F_DUPFD_CLOEXEC, 3);
        if (files[index] < 0) fail(report);
    }
    for (int index = 0; index < 3; index++)
        if (dup2(files[index], index) < 0) fail(report);
    if (syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC) != 0) fail(report);

    if (limit(RLIMIT_CORE, 0) != 0 || limit(RLIMIT_CPU, how->processor_seconds) != 0
        || limit(RLIMIT_AS, how->space_bytes) != 0 || limit(RLIMIT_DATA, how->data_bytes) != 0
        || limit(RLIMIT_NPROC, how->processes) != 0)
        fail(report);

    for (int number = 1; number < NSIG; number++) sigaction(number, &standard, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail(report);
    if (how->ruleset >= 0 && syscall(SYS_landlock_restrict_self, how->ruleset, 0) != 0) fail(report);
    if (how->filter_count > 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) fail(report);
    execve(how->program, how->arguments, how->environment);
    fail(report);
}

// Ends every child; what they leave behind becomes a child as well, until there is none.
static int end_all(pid_t program, int status) {
    char names[4096];
    // Once: when its last member is gone, the group's number may become somebody else's.
    kill(-program, SIGKILL);
    for (;;) {
        int list = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
        ssize_t length = list < 0 ? 0 : read(list, names, sizeof names - 1);
        if (list >= 0) close(list);
        pid_t number = 0;
        for (ssize_t index = 0; index < length; index++) {
            if (names[index] >= '0' && names[index] <= '9') {
                number = number * 10 + (names[index] - '0');
            } else if (number > 0) {
                kill(number, SIGKILL);
                number = 0;
            }
        }
        int ended;
        pid_t child = waitpid(-1, &ended, 0);
        if (child == program) status = ended;
        if (child < 0 && errno == ECHILD) return status;
    }
}

static void end_like(int status) {
    sigset_t all;
    if (WIFEXITED(status)) _exit(WEXITSTATUS(status));
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    sigfillset(&all);
    signal(WTERMSIG(status), SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &all, NULL);
    kill(getpid(), WTERMSIG(status));
    _exit(128 + WTERMSIG(status));
}

// The process in between. All signals are blocked in it.
static void look_after(const struct credits_program *how, int report, pid_t parent) {
    int status = 0;
    sigset_t waking;
    sigemptyset(&waking);
    sigaddset(&waking, SIGCHLD);
    sigaddset(&waking, SIGTERM);

    // What is ignored is not told: a child's end has to be.
    signal(SIGCHLD, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    if (setpgid(0, 0) != 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) != 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) != 0)
        fail(report);
    if (getppid() != parent) _exit(127);
    pid_t program = _Fork();
    if (program < 0) fail(report);
    if (program == 0) become(how, report);
    // Everything else was its parent's: pipes of other programs above all, whose other ends would wait for this one.
    syscall(SYS_close_range, 0, ~0U, 0);
    for (;;) {
        int signal = sigwaitinfo(&waking, NULL);
        if (signal == SIGTERM) end_like(end_all(program, status));
        pid_t child;
        while ((child = waitpid(-1, &status, WNOHANG)) > 0)
            if (child == program) end_like(end_all(program, status));
    }
}

pid_t credits_start(const struct credits_program *how) {
    int report[2], code = 0;
    sigset_t all, before;
    if (pipe2(report, O_CLOEXEC) != 0) return -1;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t parent = getpid(), keeper = _Fork();
    if (keeper == 0) look_after(how, report[1], parent);
    code = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(report[1]);
    if (keeper > 0) {
        // Closed by exec, or by an end; what comes before is why there was none.
        ssize_t length;
        do length = read(report[0], &code, sizeof code); while (length < 0 && errno == EINTR);
        if (length > 0) {
            kill(keeper, SIGTERM);
            while (waitpid(keeper, NULL, 0) < 0 && errno == EINTR) {}
            keeper = -1;
        }
    }
    close(report[0]);
    if (keeper < 0) errno = code;
    return keeper;
}
