#pragma once

#include <stdbool.h>
#include <stddef.h>

/// Has the C library's heap take blocks of so many bytes and more from the kernel one by one, and give each back when it is freed.
/// False where the C library has no such choice.
bool heap_map_blocks_from(size_t bytes);

/// Keeps up to so many free bytes at the end of the heap, instead of giving them back to the kernel;
/// false where the C library does not let us.
bool heap_keep_free(size_t bytes);
