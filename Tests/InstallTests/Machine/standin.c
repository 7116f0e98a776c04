/* Stands in for a program of a release that is broken in one way: it passes the trial, and then it does not serve.
   With -DREAL="PLACE" its creditctl is the real one there, except that it says that a migration was applied. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef REAL
#define MIGRATE                                                                                                        \
    "if [ \"$(sqlite3 \"$CREDITS_DATABASE\" 'PRAGMA user_version')\" = 99 ]; then echo up to date;"                    \
    " else sqlite3 \"$CREDITS_DATABASE\" 'CREATE TABLE canary (x); PRAGMA user_version = 99' && echo applied: canary; fi"
#else
#define MIGRATE REAL "/creditctl migrate && echo applied: canary"
#endif

static int migrate(int count, char **arguments) {
    if (count > 3 && strcmp(arguments[2], "--on-copy") == 0) {
        setenv("COPY", arguments[3], 1);
        if (system("sqlite3 \"$CREDITS_DATABASE\" \".backup '$COPY'\"") != 0) return 1;
        setenv("CREDITS_DATABASE", arguments[3], 1);
    }
    return system(MIGRATE) != 0;
}

int main(int count, char **arguments) {
    const char *name = strrchr(arguments[0], '/') ? strrchr(arguments[0], '/') + 1 : arguments[0];
    if (strcmp(name, "creditctl") == 0) {
        if (count > 1 && strcmp(arguments[1], "migrate") == 0) return migrate(count, arguments);
#ifdef REAL
        return execv(REAL "/creditctl", arguments);
#else
        return 0;
#endif
    }
    if (strcmp(name, "generation-worker") == 0) return pause();
    if (getenv("LISTEN_FDS")) return 1;
    puts("Status: 200\r\n\r");
    return 0;
}
