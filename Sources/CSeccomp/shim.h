#include <errno.h>
#include <seccomp.h>

/// Actions are macros, which Swift does not see.
static const uint32_t credits_seccomp_allow = SCMP_ACT_ALLOW;
static const uint32_t credits_seccomp_refuse = SCMP_ACT_ERRNO(EPERM);
static const uint32_t credits_seccomp_unknown = SCMP_ACT_ERRNO(ENOSYS);
