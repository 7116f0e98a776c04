#pragma once
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

/// glibc declares it for `_GNU_SOURCE` alone, which Swift's view of its headers does not define.
int pipe2(int ends[2], int flags);

/// How a program is started. What stands here is read in the child, between fork and exec, where nothing may be allocated.
struct credits_program {
    const char *program;
    char *const *arguments;
    char *const *environment;
    /// These become 0, 1 and 2; every other descriptor is closed at exec.
    int standard_files[3];
    /// Limits of its processes; RLIM_INFINITY leaves one as it is.
    rlim_t processor_seconds, space_bytes, data_bytes, processes;
    /// Of Landlock; -1 without.
    int ruleset;
    /// Of seccomp, as the kernel reads it (struct sock_filter); none if the count is 0.
    const void *filter;
    uint16_t filter_count;
};

/// Starts it, with a process in between that is the program's parent, adopts whatever it leaves behind, ends all of that
/// when the program ends, when it is sent SIGTERM or when its own parent dies, and then ends as the program did.
///
/// Returns its number, or -1 and errno.
pid_t credits_start(const struct credits_program *how);

/// Linux has these and glibc does not, or not everywhere.
int credits_pidfd_open(pid_t pid);
/// The version of Landlock that the kernel has; 0 if it has none.
int credits_landlock_version(void);
/// A ruleset for these rights, or -1. Sources: https://docs.kernel.org/userspace-api/landlock.html
int credits_landlock_ruleset(uint64_t files, uint64_t network, uint64_t scopes);
/// Allows `rights` on what `path` names and all beneath it; on a file, those of them that files have.
int credits_landlock_allow(int ruleset, const char *path, uint64_t rights);

/// Rights over files, in the order in which the kernel got them.
enum {
    credits_file_execute = 1 << 0,
    credits_file_write = 1 << 1,
    credits_file_read = 1 << 2,
    credits_directory_read = 1 << 3,
    credits_file_truncate = 1 << 14,
    credits_device_control = 1 << 15,
};
