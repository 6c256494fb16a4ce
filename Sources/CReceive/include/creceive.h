#pragma once

#include <stddef.h>
#include <stdint.h>

/// Receives many datagrams at a call and keeps the beginning of each: `recvmmsg(2)`, which Swift does not import.

typedef struct creceive_batch creceive_batch;

/// Room for `count` datagrams, of each the first `looked` bytes; NULL without memory.
creceive_batch *creceive_create(unsigned count, size_t looked);

void creceive_destroy(creceive_batch *batch);

/// Takes what is waiting, without blocking. How many datagrams came, or -1 with errno.
int creceive_receive(creceive_batch *batch, int descriptor);

/// The length datagram `index` had on the wire.
size_t creceive_length(const creceive_batch *batch, unsigned index);

/// Its beginning: `looked` bytes of room, of which `creceive_length` at the most are filled.
const uint8_t *creceive_beginning(const creceive_batch *batch, unsigned index);
