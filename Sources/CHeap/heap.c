#include "CHeap.h"

#include <limits.h>
#include <malloc.h>

bool heap_map_blocks_from(size_t bytes) {
#ifdef __GLIBC__
    return bytes <= INT_MAX && mallopt(M_MMAP_THRESHOLD, (int)bytes) == 1;
#else
    (void)bytes;
    return false;
#endif
}

bool heap_keep_free(size_t bytes) {
#ifdef __GLIBC__
    return bytes <= INT_MAX && mallopt(M_TRIM_THRESHOLD, (int)bytes) == 1;
#else
    (void)bytes;
    return false;
#endif
}
