#if defined(__linux__)
#define _GNU_SOURCE
#endif

#include "creceive.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

struct creceive_batch {
    unsigned count;
    size_t looked;
    uint8_t *bytes;
    size_t *lengths;
#if defined(__linux__)
    struct iovec *vectors;
    struct mmsghdr *messages;
#else
    uint8_t *whole;
#endif
};

enum { longest_datagram = 65536 };

creceive_batch *creceive_create(unsigned count, size_t looked) {
    creceive_batch *batch = calloc(1, sizeof *batch);
    if (!batch) return NULL;
    batch->count = count;
    batch->looked = looked;
    batch->bytes = calloc(count, looked);
    batch->lengths = calloc(count, sizeof *batch->lengths);
    int complete = batch->bytes && batch->lengths;
#if defined(__linux__)
    batch->vectors = calloc(count, sizeof *batch->vectors);
    batch->messages = calloc(count, sizeof *batch->messages);
    complete = complete && batch->vectors && batch->messages;
    for (unsigned i = 0; complete && i < count; i++) {
        batch->vectors[i].iov_base = batch->bytes + i * looked;
        batch->vectors[i].iov_len = looked;
        batch->messages[i].msg_hdr.msg_iov = &batch->vectors[i];
        batch->messages[i].msg_hdr.msg_iovlen = 1;
    }
#else
    batch->whole = malloc(longest_datagram);
    complete = complete && batch->whole;
#endif
    if (complete) return batch;
    creceive_destroy(batch);
    return NULL;
}

void creceive_destroy(creceive_batch *batch) {
    if (!batch) return;
    free(batch->bytes);
    free(batch->lengths);
#if defined(__linux__)
    free(batch->vectors);
    free(batch->messages);
#else
    free(batch->whole);
#endif
    free(batch);
}

#if defined(__linux__)

int creceive_receive(creceive_batch *batch, int descriptor) {
    // With MSG_TRUNC the kernel tells the length on the wire, not that of the copy.
    int received = recvmmsg(descriptor, batch->messages, batch->count, MSG_DONTWAIT | MSG_TRUNC, NULL);
    for (int i = 0; i < received; i++) batch->lengths[i] = batch->messages[i].msg_len;
    return received;
}

#else

#include <string.h>

int creceive_receive(creceive_batch *batch, int descriptor) {
    unsigned received = 0;
    while (received < batch->count) {
        ssize_t length = recv(descriptor, batch->whole, longest_datagram, MSG_DONTWAIT);
        if (length < 0) break;
        size_t looked = (size_t)length < batch->looked ? (size_t)length : batch->looked;
        memcpy(batch->bytes + received * batch->looked, batch->whole, looked);
        batch->lengths[received++] = (size_t)length;
    }
    return received > 0 ? (int)received : -1;
}

#endif

size_t creceive_length(const creceive_batch *batch, unsigned index) { return batch->lengths[index]; }

const uint8_t *creceive_beginning(const creceive_batch *batch, unsigned index) {
    return batch->bytes + index * batch->looked;
}
