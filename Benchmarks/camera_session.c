// Sending: what is due, when, and in how many writes.
#define _GNU_SOURCE
#include "camera.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { REPORT_SIZE = 28, CNAME_SIZE = 20, MESSAGES = 64 };

static const uint64_t second = 1000000000;

uint64_t nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * second + now.tv_nsec;
}

static void put32(uint8_t *bytes, uint32_t value) {
    for (int i = 0; i < 4; i++) bytes[i] = value >> (24 - 8 * i);
}

static void put64(uint8_t *bytes, uint64_t value) {
    put32(bytes, value >> 32);
    put32(bytes + 4, value);
}

static uint64_t picture_time(const struct session *session, uint64_t picture) {
    return session->started + picture * second / options.rate;
}

static uint32_t timestamp(const struct session *session, uint64_t time) {
    return session->first_timestamp + (time - session->started) * pictures.clock / second;
}

// MARK: Writing

static void keep(struct session *session, const uint8_t *bytes, size_t length) {
    size_t needed = session->unsent_length + length;
    if (needed > session->unsent_size) {
        session->unsent_size = needed * 2;
        session->unsent = realloc(session->unsent, session->unsent_size);
        if (!session->unsent) abort();
    }
    memcpy(session->unsent + session->unsent_length, bytes, length);
    session->unsent_length = needed;
}

// Errors are found by the reader of the connection.
void send_bytes(struct session *session, const uint8_t *bytes, size_t length) {
    if (session->unsent_length == 0) {
        ssize_t sent = send(session->fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent == (ssize_t)length) return;
        if (sent > 0) bytes += sent, length -= sent;
    }
    keep(session, bytes, length);
    watch(session);
}

void send_unsent(struct session *session) {
    ssize_t sent = send(session->fd, session->unsent, session->unsent_length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent <= 0) return;
    session->unsent_length -= sent;
    memmove(session->unsent, session->unsent + sent, session->unsent_length);
    watch(session);
}

static void fill_in(struct session *session, const struct packet *packet) {
    uint8_t *rtp = packet->frame + FRAME_HEADER;
    packet->frame[1] = session->channel;
    rtp[2] = session->sequence >> 8;
    rtp[3] = session->sequence++;
    put32(rtp + 4, timestamp(session, picture_time(session, session->picture)));
    put32(rtp + 8, session->ssrc);
    session->packets++;
    session->octets += packet->length - RTP_HEADER;
}

static void stamp(const struct packet *packet) {
    if (packet->stamped) put64(packet->frame + FRAME_HEADER + RTP_HEADER + 10, nanoseconds());
}

static void send_packet(struct session *session, const struct packet *packet) {
    fill_in(session, packet);
    stamp(packet);
    if (session->udp) send(session->rtp, packet->frame + FRAME_HEADER, packet->length, MSG_DONTWAIT);
    else send_bytes(session, packet->frame, FRAME_HEADER + packet->length);
}

static void send_datagrams(struct session *session, const struct picture *picture) {
    static struct mmsghdr messages[MESSAGES];
    static struct iovec vectors[MESSAGES];
    for (int first = 0; first < picture->count; first += MESSAGES) {
        int count = picture->count - first < MESSAGES ? picture->count - first : MESSAGES;
        for (int i = 0; i < count; i++) {
            const struct packet *packet = &picture->packets[first + i];
            vectors[i] = (struct iovec){packet->frame + FRAME_HEADER, packet->length};
            messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
        }
        sendmmsg(session->rtp, messages, count, MSG_DONTWAIT);
    }
}

static void send_picture(struct session *session, const struct picture *picture) {
    for (int i = 0; i < picture->count; i++) fill_in(session, &picture->packets[i]);
    for (int i = 0; i < picture->count; i++) stamp(&picture->packets[i]);
    if (session->udp) send_datagrams(session, picture);
    else send_bytes(session, picture->bytes, picture->length);
}

// A sender report and, as a compound must have, a source description.
static void send_report(struct session *session, uint64_t now) {
    uint8_t bytes[FRAME_HEADER + REPORT_SIZE + CNAME_SIZE] = {'$', session->channel + 1, 0, REPORT_SIZE + CNAME_SIZE};
    uint8_t *report = bytes + FRAME_HEADER, *cname = report + REPORT_SIZE;
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    put32(report, 0x80c80006);
    put32(report + 4, session->ssrc);
    put32(report + 8, wall.tv_sec + 2208988800u);
    put32(report + 12, ((uint64_t)wall.tv_nsec << 32) / second);
    put32(report + 16, timestamp(session, now));
    put32(report + 20, session->packets);
    put32(report + 24, session->octets);
    put32(cname, 0x81ca0004);
    put32(cname + 4, session->ssrc);
    memcpy(cname + 8, "\1\6camera", 8);
    if (session->udp) send(session->rtcp, report, REPORT_SIZE + CNAME_SIZE, MSG_DONTWAIT);
    else send_bytes(session, bytes, sizeof bytes);
}

// MARK: Time

// The cameras' pictures are spread over the time from one picture to the next, whenever they were asked to play.
void start_playing(struct session *session) {
    uint64_t now = nanoseconds(), interval = second / options.rate;
    uint64_t phase = interval * session->camera / options.cameras;
    session->playing = true;
    session->started = (now / interval + 1) * interval + phase;
    session->due = session->started;
    session->report_due = session->started;
    session->picture = 0;
    session->current = NULL;
    session->since_key = -1;
}

static void end_picture(struct session *session) {
    session->current = NULL;
    session->picture++;
    session->due = picture_time(session, session->picture);
}

// A picture the socket has no room for is not begun, and the next one that is begun is a key frame.
static bool begin_picture(struct session *session) {
    if (session->unsent_length > 0) {
        session->dropped++;
        session->since_key = -1;
        end_picture(session);
        return false;
    }
    bool key = session->since_key < 0 || session->since_key + 1 >= options.group;
    session->since_key = key ? 0 : session->since_key + 1;
    session->current = key ? &pictures.key : &pictures.other;
    session->next_packet = 0;
    return true;
}

// Sends what is due; afterwards `due` is in the future, or at least later than it was.
void advance(struct session *session, uint64_t now) {
    if (session->report_due <= now && !session->current) {
        session->report_due += 5 * second;
        send_report(session, now);
    }
    if (!session->current && !begin_picture(session)) return;

    if (options.mode == WRITE_PICTURE) {
        send_picture(session, session->current);
        end_picture(session);
        return;
    }
    do send_packet(session, &session->current->packets[session->next_packet++]);
    while (options.mode == WRITE_PACKET && session->next_packet < session->current->count);

    if (session->next_packet == session->current->count) end_picture(session);
    else session->due += options.pace;
}
