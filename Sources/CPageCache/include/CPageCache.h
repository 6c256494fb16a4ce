#pragma once

#include <sys/types.h>

/// Reads like pread(2), but only what is in the page cache: never waits for a disk.
///
/// The bytes read, which may be fewer than are there; -1 where none is at hand, the file system cannot tell, or the file cannot be read.
ssize_t page_cache_read(int descriptor, void *bytes, size_t count, off_t offset);
