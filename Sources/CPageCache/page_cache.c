// preadv2(2) is a GNU extension, which Swift's Glibc module does not have.
#define _GNU_SOURCE
#include "CPageCache.h"

#include <errno.h>
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
