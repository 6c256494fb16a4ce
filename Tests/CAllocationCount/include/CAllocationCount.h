#pragma once

#include <stdbool.h>
#include <stdint.h>

/// Whether allocations are counted: with glibc, and without a sanitizer that has an allocator of its own.
bool allocation_count_is_kept(void);

/// Blocks of memory that the calling thread has asked the heap for since it began, those made larger included.
uint64_t allocation_count_of_thread(void);
