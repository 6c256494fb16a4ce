// preadv2(2) and memfd_create(2) are GNU extensions, which Swift's Glibc module does not have.
#define _GNU_SOURCE
#include "CPageCache.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/uio.h>

ssize_t page_cache_read(int descriptor, void *bytes, size_t count, off_t offset) {
#ifdef RWF_NOWAIT
    struct iovec piece = {bytes, count};
    return preadv2(descriptor, &piece, 1, offset, RWF_NOWAIT);
#else
    errno = EOPNOTSUPP;
    return -1;
#endif
}

int memory_file_open(void) { return memfd_create("heliograph", MFD_CLOEXEC); }
