// forward: the least a program can do that passes one camera's bytes on to one viewer. It plays an RTSP camera over TCP,
// reads, and writes what it read to a child that drains. Prints one line of JSON; CPU time is that of the forwarder.
#define _GNU_SOURCE
#include "measure.h"

#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BUFFER_SIZE = 64 << 10 };

static struct {
    int port, seconds, settle, forward_cpu, drain_cpu;
} options = {.seconds = 5, .settle = 1, .drain_cpu = 1};

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

// MARK: The viewer's side

static void drain(int listener) {
    static uint8_t bytes[1 << 20];
    struct timespec pause = {0, 5000000};
    pin(options.drain_cpu);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int viewer = accept(listener, NULL, NULL);
    while (viewer >= 0 && recv(viewer, bytes, sizeof bytes, 0) > 0) nanosleep(&pause, NULL);
    _exit(0);
}

static int start_viewer(void) {
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 1)) fail("forward: listen");
    getsockname(listener, (struct sockaddr *)&address, &size);
    pid_t child = fork();
    if (child < 0) fail("forward: fork");
    if (child == 0) drain(listener);
    close(listener);
    return connected(address);
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

static struct counts forward(int camera, int viewer, int seconds) {
    static uint8_t bytes[BUFFER_SIZE];
    struct counts counts = {0};
    uint64_t end = nanoseconds(CLOCK_MONOTONIC) + seconds * 1000000000ull;
    while (nanoseconds(CLOCK_MONOTONIC) < end) {
        ssize_t got = recv(camera, bytes, sizeof bytes, 0);
        if (got <= 0) fail("forward: camera");
        write_all(viewer, bytes, got);
        counts.bytes += got;
        counts.reads++;
    }
    return counts;
}

static const char usage[] =
    "usage: forward -l port [-t seconds] [-s seconds] [-a cpu] [-b cpu]\n"
    "  -l  RTSP port of the camera on 127.0.0.1; /cam0 is played      -t  seconds (5), after -s seconds to settle (1)\n"
    "  -a  CPU of the forwarder (0)                                   -b  CPU of the drain (1)\n";

static void read_options(int count, char **arguments) {
    int option;
    while ((option = getopt(count, arguments, "l:t:s:a:b:")) != -1) {
        switch (option) {
        case 'l': options.port = atoi(optarg); break;
        case 't': options.seconds = atoi(optarg); break;
        case 's': options.settle = atoi(optarg); break;
        case 'a': options.forward_cpu = atoi(optarg); break;
        case 'b': options.drain_cpu = atoi(optarg); break;
        default: options.port = 0;
        }
    }
    if (options.port > 0 && options.seconds > 0) return;
    fputs(usage, stderr);
    exit(64);
}

int main(int count, char **arguments) {
    read_options(count, arguments);
    int viewer = start_viewer();
    pin(options.forward_cpu);
    int camera = play_camera();
    forward(camera, viewer, options.settle);

    uint64_t cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID), start = nanoseconds(CLOCK_MONOTONIC);
    struct counts counts = forward(camera, viewer, options.seconds);
    double used = (nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / 1e9;
    double wall = (nanoseconds(CLOCK_MONOTONIC) - start) / 1e9;
    printf("{\"bytes\":%llu,\"reads\":%llu,\"mbit_per_s\":%.2f,\"cpu_s\":%.4f,\"cpu_s_per_gbit\":%.5f}\n",
           (unsigned long long)counts.bytes, (unsigned long long)counts.reads, counts.bytes * 8 / wall / 1e6, used,
           used / (counts.bytes * 8 / 1e9));
    close(viewer);
    close(camera);
    while (wait(NULL) > 0) continue;
    return 0;
}
