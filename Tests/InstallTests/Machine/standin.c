/* Stands in for a program of a release that is broken in one way: it passes the trial, and then it does not serve. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int migrate(void) {
    return system("if [ \"$(sqlite3 \"$CREDITS_DATABASE\" 'PRAGMA user_version')\" = 99 ]; then echo up to date;"
                  " else sqlite3 \"$CREDITS_DATABASE\" 'CREATE TABLE canary (x); PRAGMA user_version = 99' && echo applied: canary; fi");
}

int main(int count, char **arguments) {
    const char *name = strrchr(arguments[0], '/') ? strrchr(arguments[0], '/') + 1 : arguments[0];
    if (strcmp(name, "creditctl") == 0) return count > 1 && strcmp(arguments[1], "migrate") == 0 ? migrate() != 0 : 0;
    if (strcmp(name, "generation-worker") == 0) return pause();
    if (getenv("LISTEN_FDS")) return 1;
    puts("Status: 200\r\n\r");
    return 0;
}
