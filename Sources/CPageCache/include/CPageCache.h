#pragma once

#include <sys/types.h>

/// Reads like pread(2), but only what is in the page cache: never waits for a disk.
///
/// The bytes read, which may be fewer than are there; -1 where none is at hand, the file system cannot tell, or the file cannot be read.
ssize_t page_cache_read(int descriptor, void *bytes, size_t count, off_t offset);

/// A file without a name in memory, to be given to sendfile(2); it takes room as it is written. -1 where the kernel makes none.
int memory_file_open(void);
