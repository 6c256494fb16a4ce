#pragma once

#include <stdbool.h>
#include <stddef.h>

/// Has the C library's heap take blocks of so many bytes and more from the kernel one by one, and give each back when it is freed.
/// False where the C library has no such choice.
bool heap_map_blocks_from(size_t bytes);
