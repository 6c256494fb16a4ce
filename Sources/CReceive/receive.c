#define _GNU_SOURCE

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
    struct iovec *vectors;
    struct mmsghdr *messages;
};

creceive_batch *creceive_create(unsigned count, size_t looked) {
    creceive_batch *batch = calloc(1, sizeof *batch);
    if (!batch) return NULL;
    batch->count = count;
    batch->looked = looked;
    batch->bytes = calloc(count, looked);
    batch->lengths = calloc(count, sizeof *batch->lengths);
    batch->vectors = calloc(count, sizeof *batch->vectors);
    batch->messages = calloc(count, sizeof *batch->messages);
    int complete = batch->bytes && batch->lengths && batch->vectors && batch->messages;
    for (unsigned i = 0; complete && i < count; i++) {
        batch->vectors[i].iov_base = batch->bytes + i * looked;
        batch->vectors[i].iov_len = looked;
        batch->messages[i].msg_hdr.msg_iov = &batch->vectors[i];
        batch->messages[i].msg_hdr.msg_iovlen = 1;
    }
    if (complete) return batch;
    creceive_destroy(batch);
    return NULL;
}

void creceive_destroy(creceive_batch *batch) {
    if (!batch) return;
    free(batch->bytes);
    free(batch->lengths);
    free(batch->vectors);
    free(batch->messages);
    free(batch);
}

int creceive_receive(creceive_batch *batch, int descriptor) {
    // With MSG_TRUNC the kernel tells the length on the wire, not that of the copy.
    int received = recvmmsg(descriptor, batch->messages, batch->count, MSG_DONTWAIT | MSG_TRUNC, NULL);
    for (int i = 0; i < received; i++) batch->lengths[i] = batch->messages[i].msg_len;
    return received;
}

size_t creceive_length(const creceive_batch *batch, unsigned index) { return batch->lengths[index]; }

const uint8_t *creceive_beginning(const creceive_batch *batch, unsigned index) {
    return batch->bytes + index * batch->looked;
}
