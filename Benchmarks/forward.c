// forward: the least a program can do that passes one camera's bytes on to viewers. It plays an RTSP camera over TCP,
// reads, and writes to each viewer; a child drains. With one viewer (the default) it writes what it has read. With more
// it writes whole pictures, and a second child reads the viewer in the middle of the row as the bytes come and tells how
// old the stamps of camera.c are. Prints one line of JSON; CPU time is that of the forwarder.
#define _GNU_SOURCE
#include "measure.h"

#include <getopt.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER_SIZE = 1 << 20, FRAME_HEADER = 4, MARKER = FRAME_HEADER + 1, STAMP = FRAME_HEADER + 12 + 2,
       STAMP_END = STAMP + 16, MAX_VIEWERS = 1000, MAX_DELAYS = 1 << 20 };

static struct {
    int port, seconds, settle, viewers, forward_cpu, drain_cpu;
} options = {.seconds = 5, .settle = 1, .viewers = 1, .drain_cpu = 1};

// Shared with the child that takes them, in nanoseconds.
static struct delays {
    volatile bool measuring;
    volatile uint32_t count;
    uint64_t values[MAX_DELAYS];
} *delays;

struct counts {
    uint64_t bytes, reads;
};

static int connected(struct sockaddr_in address) {
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address)) fail("forward: connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

// MARK: The camera's side

// Reads an answer to the end of its head and body, a byte at a time so that no media is taken with it.
static void read_answer(int camera, char *answer, size_t size) {
    size_t length = 0, body = 0;
    char byte;
    while (length + 1 < size && recv(camera, &byte, 1, 0) == 1) {
        answer[length++] = byte;
        answer[length] = 0;
        if (length >= 4 && !strcmp(answer + length - 4, "\r\n\r\n")) break;
    }
    char *field = strcasestr(answer, "\r\nContent-Length:");
    if (field) body = strtoul(field + 17, NULL, 10);
    while (body-- > 0 && recv(camera, &byte, 1, 0) == 1) continue;
    if (strncmp(answer, "RTSP/1.0 200", 12)) {
        fprintf(stderr, "forward: the camera answered %.60s\n", answer);
        exit(1);
    }
}

static void ask(int camera, const char *method, const char *path, const char *fields, char *answer, size_t size) {
    static int cseq;
    char request[512];
    int length = snprintf(request, sizeof request, "%s rtsp://127.0.0.1:%d/cam0%s RTSP/1.0\r\nCSeq: %d\r\n%s\r\n", method,
                          options.port, path, ++cseq, fields);
    if (send(camera, request, length, MSG_NOSIGNAL) != length) fail("forward: send");
    read_answer(camera, answer, size);
}

static int play_camera(void) {
    int camera = connected(loopback(options.port));
    char answer[4096] = "", session[128];
    ask(camera, "DESCRIBE", "", "", answer, sizeof answer);
    ask(camera, "SETUP", "/track1", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n", answer, sizeof answer);
    char *id = strcasestr(answer, "\r\nSession:");
    if (!id) fail("forward: no session");
    id += 10 + strspn(id + 10, " ");
    snprintf(session, sizeof session, "Session: %.*s\r\n", (int)strcspn(id, ";\r\n"), id);
    ask(camera, "PLAY", "", session, answer, sizeof answer);
    return camera;
}

// MARK: Frames

static size_t frame_length(const uint8_t *frame) {
    return FRAME_HEADER + (frame[2] << 8 | frame[3]);
}

// Whether the frames in `bytes` end with one, and with the last packet of a picture.
static bool ends_picture(const uint8_t *bytes, size_t length) {
    bool marked = false;
    size_t at = 0;
    while (at + FRAME_HEADER <= length && at + frame_length(bytes + at) <= length) {
        if (bytes[at + 1] == 0) marked = bytes[at + MARKER] & 0x80;
        at += frame_length(bytes + at);
    }
    return at == length && marked;
}

static uint64_t stamp_of(const uint8_t *frame) {
    uint64_t time = 0;
    if (frame_length(frame) < STAMP_END || memcmp(frame + STAMP, "HELIOBNC", 8)) return 0;
    for (int i = 8; i < 16; i++) time = time << 8 | frame[STAMP + i];
    return time;
}

// MARK: The viewers' side

static int accepted[MAX_VIEWERS];

static int is_timed(int viewer) {
    return options.viewers > 1 && viewer == options.viewers / 2;
}

static void drain(void) {
    static uint8_t bytes[1 << 20];
    static struct epoll_event events[MAX_VIEWERS];
    struct timespec pause = {0, 5000000};
    int poll_set = epoll_create1(0);
    pin(options.drain_cpu);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int i = 0; i < options.viewers; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = accepted[i]};
        if (!is_timed(i) && epoll_ctl(poll_set, EPOLL_CTL_ADD, accepted[i], &event)) fail("forward: epoll_ctl");
    }
    for (;;) {
        nanosleep(&pause, NULL);
        int count = epoll_wait(poll_set, events, MAX_VIEWERS, 0);
        for (int i = 0; i < count; i++) {
            if (recv(events[i].data.fd, bytes, sizeof bytes, MSG_DONTWAIT) == 0) _exit(0);
        }
    }
}

static void take_delays(int viewer) {
    static uint8_t bytes[BUFFER_SIZE];
    size_t length = 0;
    ssize_t got;
    pin(options.drain_cpu);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while ((got = recv(viewer, bytes + length, sizeof bytes - length, 0)) > 0) {
        uint64_t now = nanoseconds(CLOCK_MONOTONIC);
        size_t at = 0;
        length += got;
        for (; at + FRAME_HEADER <= length && at + frame_length(bytes + at) <= length; at += frame_length(bytes + at)) {
            uint64_t stamp = stamp_of(bytes + at);
            if (stamp && delays->measuring && delays->count < MAX_DELAYS) delays->values[delays->count++] = now - stamp;
        }
        memmove(bytes, bytes + at, length - at);
        length -= at;
    }
    _exit(0);
}

static void start_child(void (*body)(int), int viewer) {
    pid_t child = fork();
    if (child < 0) fail("forward: fork");
    if (child > 0) return;
    if (body) body(viewer);
    drain();
}

static void start_viewers(int *viewers) {
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 1)) fail("forward: listen");
    getsockname(listener, (struct sockaddr *)&address, &size);
    for (int i = 0; i < options.viewers; i++) {
        viewers[i] = connected(address);
        accepted[i] = accept(listener, NULL, NULL);
        if (accepted[i] < 0) fail("forward: accept");
    }
    start_child(NULL, 0);
    if (options.viewers > 1) start_child(take_delays, accepted[options.viewers / 2]);
    for (int i = 0; i < options.viewers; i++) close(accepted[i]);
    close(listener);
}

// MARK: Between the two

static void write_all(int viewer, const uint8_t *bytes, size_t length) {
    while (length > 0) {
        ssize_t sent = send(viewer, bytes, length, MSG_NOSIGNAL);
        if (sent <= 0) fail("forward: viewer");
        bytes += sent;
        length -= sent;
    }
}

static struct counts forward(int camera, const int *viewers, int seconds) {
    static uint8_t bytes[BUFFER_SIZE];
    static size_t length;
    struct counts counts = {0};
    uint64_t end = nanoseconds(CLOCK_MONOTONIC) + seconds * 1000000000ull;
    while (nanoseconds(CLOCK_MONOTONIC) < end) {
        size_t room = options.viewers == 1 ? 64 << 10 : sizeof bytes - length;
        ssize_t got = recv(camera, bytes + length, room, 0);
        if (got <= 0) fail("forward: camera");
        counts.bytes += got;
        counts.reads++;
        length += got;
        if (options.viewers > 1 && !ends_picture(bytes, length)) continue;
        for (int i = 0; i < options.viewers; i++) write_all(viewers[i], bytes, length);
        length = 0;
    }
    return counts;
}

static int ascending(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static double percentile(double share) {
    return delays->count ? delays->values[(uint32_t)(share * (delays->count - 1))] / 1e6 : 0;
}

static const char usage[] =
    "usage: forward -l port [-n viewers] [-t seconds] [-s seconds] [-a cpu] [-b cpu]\n"
    "  -l  RTSP port of the camera on 127.0.0.1; /cam0 is played      -t  seconds (5), after -s seconds to settle (1)\n"
    "  -n  viewers (1)\n"
    "  -a  CPU of the forwarder (0)                                   -b  CPU of the drain (1)\n";

static void read_options(int count, char **arguments) {
    int option;
    while ((option = getopt(count, arguments, "l:n:t:s:a:b:")) != -1) {
        switch (option) {
        case 'l': options.port = atoi(optarg); break;
        case 'n': options.viewers = atoi(optarg); break;
        case 't': options.seconds = atoi(optarg); break;
        case 's': options.settle = atoi(optarg); break;
        case 'a': options.forward_cpu = atoi(optarg); break;
        case 'b': options.drain_cpu = atoi(optarg); break;
        default: options.port = 0;
        }
    }
    bool right = options.viewers > 0 && options.viewers <= MAX_VIEWERS;
    if (right && options.port > 0 && options.seconds > 0) return;
    fputs(usage, stderr);
    exit(64);
}

int main(int count, char **arguments) {
    read_options(count, arguments);
    static int viewers[MAX_VIEWERS];
    delays = mmap(NULL, sizeof *delays, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (delays == MAP_FAILED) fail("forward: memory");
    start_viewers(viewers);
    pin(options.forward_cpu);
    int camera = play_camera();
    forward(camera, viewers, options.settle);

    delays->measuring = true;
    uint64_t cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID), start = nanoseconds(CLOCK_MONOTONIC);
    struct counts counts = forward(camera, viewers, options.seconds);
    double used = (nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / 1e9;
    double wall = (nanoseconds(CLOCK_MONOTONIC) - start) / 1e9;
    delays->measuring = false;
    double gigabits = counts.bytes * options.viewers * 8 / 1e9;
    qsort(delays->values, delays->count, sizeof *delays->values, ascending);
    printf("{\"viewers\":%d,\"bytes\":%llu,\"reads\":%llu,\"mbit_per_s\":%.2f,\"cpu_s\":%.4f,\"cpu_s_per_gbit\":%.5f,"
           "\"delay_ms\":{\"p50\":%.3f,\"p95\":%.3f,\"p99\":%.3f,\"max\":%.3f}}\n",
           options.viewers, (unsigned long long)counts.bytes, (unsigned long long)counts.reads, gigabits * 1e3 / wall,
           used, used / gigabits, percentile(0.5), percentile(0.95), percentile(0.99), percentile(1));
    // The children go with their parent.
    return 0;
}
