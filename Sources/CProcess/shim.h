#include <spawn.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/// glibc (2.34 and newer) declares these for `_GNU_SOURCE` alone, which Swift's view of its headers does not define.
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
int pipe2(int ends[2], int flags);
int prlimit(pid_t pid, int resource, const struct rlimit *to, struct rlimit *before);

/// syscall is variadic, which Swift cannot call; glibc has a function of this name from 2.36 on only.
static inline int credits_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

/// The type of the constants is an enumeration that C++ and C see differently.
static inline int credits_limit(pid_t pid, int resource, unsigned long most) {
    struct rlimit limit = {most, most};
    return prlimit(pid, resource, &limit, NULL);
}
enum { credits_limit_cpu = RLIMIT_CPU, credits_limit_space = RLIMIT_AS, credits_limit_core = RLIMIT_CORE };
