#include <cjose/cjose.h>
#include <stdlib.h>

/// What libcjose gives away was taken from the allocator that it was set up with.
static inline void credits_jose_free(void *bytes) {
    if (bytes) cjose_get_dealloc()(bytes);
}
