// Stands where vipsthumbnail should, says a version, and then obeys a hostile picture: it tries what no decoder may, says on standard
// error what it managed, and makes no picture.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static int count;

static void tell(const char *what, int managed) {
    if (managed) fprintf(stderr, "%s%s", count++ ? ", " : "managed ", what);
}

static int opens(const char *path, int how) {
    int file = open(path, how, 0600);
    if (file >= 0) close(file);
    return file >= 0;
}

static int connects(void) {
    // Nobody listens there: to be told so is to have been on the network.
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons(1), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int number = socket(AF_INET, SOCK_STREAM, 0);
    return number >= 0 && (connect(number, (struct sockaddr *)&place, sizeof place) == 0 || errno == ECONNREFUSED);
}

static int forks(void) {
    pid_t child = fork();
    if (child == 0) _exit(0);
    return child > 0 && waitpid(child, NULL, 0) == child;
}

static int reads_its_parent(void) {
    char path[64], byte;
    struct iovec here = {&byte, 1}, there = {&count, 1};
    snprintf(path, sizeof path, "/proc/%d/environ", getppid());
    return opens(path, O_RDONLY) || process_vm_readv(getppid(), &here, 1, &there, 1, 0) >= 0
        || ptrace(PTRACE_SEIZE, getppid(), 0, 0) == 0;
}

int main(int argc, char **argv) {
    char *none[] = {NULL};
    if (argc > 1 && strcmp(argv[1], "--version") == 0) {
        puts("vips-8.16.0");
        return 0;
    }
    tell("to read the database", opens("/var/lib/polar-credits/credits.db", O_RDONLY));
    tell("to write the database", opens("/var/lib/polar-credits/credits.db", O_RDWR));
    tell("to list the images", opens("/var/lib/polar-credits/images", O_RDONLY | O_DIRECTORY));
    tell("to read /etc/passwd", opens("/etc/passwd", O_RDONLY));
    tell("to write a file", opens("/tmp/hostile-decoder", O_WRONLY | O_CREAT));
    tell("to use the network", connects());
    tell("to make a local socket", socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
    tell("to fork", forks());
    tell("to signal its parent", kill(getppid(), 0) == 0);
    tell("to look into its parent", reads_its_parent());
    tell("to leave its session", setsid() >= 0 || setpgid(0, 0) == 0);
    tell("to make a file in memory", memfd_create("a", 0) >= 0);
    tell("to use io_uring", syscall(SYS_io_uring_setup, 1, NULL) >= 0);
    tell("to make a namespace", unshare(CLONE_NEWUSER) == 0);
    if (count == 0) fputs("managed nothing", stderr);
    // With this it would end well.
    execve("/bin/true", none, none);
    return 1;
}
