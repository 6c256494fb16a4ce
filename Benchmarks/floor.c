// floor: what the kernel alone takes to hand one stream to many viewers. It sends a ready access unit to each viewer
// with one call, pictures apart in time like a camera's; a child drains. Prints one line of JSON.
//
// CPU time is that of the sender only. On loopback the receiver's side of the kernel is charged to the sender, here as
// in the server, so it is the ratio of the two that means something.
#define _GNU_SOURCE
#include "measure.h"

#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef SOL_UDP
#define SOL_UDP 17
#endif

enum { FRAME_HEADER = 4, DRAIN_SIZE = 1 << 20, SOCKET_BUFFER = 1 << 20, DATAGRAMS = 64, MAX_VIEWERS = 10000 };

static struct {
    bool udp;
    int viewers, seconds, packets, size, rate, sender_cpu, drain_cpu;
} options = {.viewers = 100, .seconds = 5, .packets = 15, .size = 1345, .rate = 25, .drain_cpu = 1};

// Shared with the draining child.
static struct progress {
    volatile bool ready, stop;
    volatile uint64_t drained;
} *progress;

struct viewer {
    int sender, receiver;
};

struct result {
    uint64_t bytes, packets, short_sends;
    double cpu, wall;
};

static struct sockaddr_in bind_loopback(int fd) {
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (bind(fd, (struct sockaddr *)&address, size)) fail("bind");
    getsockname(fd, (struct sockaddr *)&address, &size);
    return address;
}

static void set_buffer(int fd, int forced, int option, int size) {
    if (setsockopt(fd, SOL_SOCKET, forced, &size, sizeof size)) setsockopt(fd, SOL_SOCKET, option, &size, sizeof size);
}

static void open_tcp(struct viewer *viewers) {
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    struct sockaddr_in address = bind_loopback(listener);
    if (listen(listener, 1024)) fail("listen");
    for (int i = 0; i < options.viewers; i++) {
        viewers[i].receiver = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(viewers[i].receiver, (struct sockaddr *)&address, sizeof address)) fail("connect");
        viewers[i].sender = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (viewers[i].sender < 0) fail("accept");
        setsockopt(viewers[i].sender, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        set_buffer(viewers[i].sender, SO_SNDBUFFORCE, SO_SNDBUF, SOCKET_BUFFER);
    }
}

static void open_udp(struct viewer *viewers) {
    int segment = options.size;
    for (int i = 0; i < options.viewers; i++) {
        viewers[i].receiver = socket(AF_INET, SOCK_DGRAM, 0);
        viewers[i].sender = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        if (viewers[i].receiver < 0 || viewers[i].sender < 0) fail("socket");
        struct sockaddr_in address = bind_loopback(viewers[i].receiver);
        set_buffer(viewers[i].receiver, SO_RCVBUFFORCE, SO_RCVBUF, 4 * SOCKET_BUFFER);
        if (connect(viewers[i].sender, (struct sockaddr *)&address, sizeof address)) fail("connect");
        if (setsockopt(viewers[i].sender, SOL_UDP, UDP_SEGMENT, &segment, sizeof segment)) fail("UDP_SEGMENT");
    }
}

// MARK: The draining child

static void drain_stream(int fd) {
    static uint8_t bytes[DRAIN_SIZE];
    ssize_t got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got > 0) progress->drained += got;
}

// Sixteen bytes of each datagram are copied; its true length is counted.
static void drain_datagrams(int fd) {
    static uint8_t heads[DATAGRAMS][16];
    static struct iovec vectors[DATAGRAMS];
    static struct mmsghdr messages[DATAGRAMS];
    int got;
    do {
        for (int i = 0; i < DATAGRAMS; i++) {
            vectors[i] = (struct iovec){heads[i], sizeof heads[i]};
            messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
        }
        got = recvmmsg(fd, messages, DATAGRAMS, MSG_DONTWAIT | MSG_TRUNC, NULL);
        for (int i = 0; i < got; i++) progress->drained += messages[i].msg_len;
    } while (got == DATAGRAMS);
}

static void drain(struct viewer *viewers) {
    static struct epoll_event events[4096];
    struct timespec pause = {0, 5000000};
    int poll_set = epoll_create1(0);
    pin(options.drain_cpu);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int i = 0; i < options.viewers; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = viewers[i].receiver};
        close(viewers[i].sender);
        if (epoll_ctl(poll_set, EPOLL_CTL_ADD, viewers[i].receiver, &event)) fail("epoll_ctl");
    }
    progress->ready = true;
    while (!progress->stop) {
        nanosleep(&pause, NULL);
        int count = epoll_wait(poll_set, events, 4096, 0);
        for (int i = 0; i < count; i++) {
            if (options.udp) drain_datagrams(events[i].data.fd);
            else drain_stream(events[i].data.fd);
        }
    }
    _exit(0);
}

// MARK: The sender

static size_t packet_stride(void) {
    return options.size + (options.udp ? 0 : FRAME_HEADER);
}

static uint8_t *make_access_unit(void) {
    uint8_t *bytes = malloc(packet_stride() * options.packets);
    if (!bytes) abort();
    memset(bytes, 0xb5, packet_stride() * options.packets);
    for (int i = 0; i < options.packets && !options.udp; i++) {
        uint8_t frame[] = {'$', 0, options.size >> 8, options.size};
        memcpy(bytes + i * packet_stride(), frame, sizeof frame);
    }
    return bytes;
}

static void number_packets(uint8_t *bytes, uint16_t *sequence) {
    for (int i = 0; i < options.packets; i++, ++*sequence) {
        uint8_t *rtp = bytes + i * packet_stride() + (options.udp ? 0 : FRAME_HEADER);
        rtp[2] = *sequence >> 8;
        rtp[3] = *sequence;
    }
}

static void send_all(struct viewer *viewers, const uint8_t *bytes, struct result *result) {
    size_t length = packet_stride() * options.packets;
    for (int i = 0; i < options.viewers; i++) {
        ssize_t sent = send(viewers[i].sender, bytes, length, MSG_NOSIGNAL);
        if (sent != (ssize_t)length) result->short_sends++;
        if (sent <= 0) continue;
        result->bytes += sent;
        result->packets += sent / packet_stride();
    }
}

static void wait_until(uint64_t time) {
    struct timespec until = {time / 1000000000, time % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) continue;
}

static struct result run(struct viewer *viewers) {
    struct result result = {0};
    uint8_t *bytes = make_access_unit();
    uint16_t sequence = 0;
    pin(options.sender_cpu);
    while (!progress->ready) {
        // It has said why.
        if (waitpid(-1, NULL, WNOHANG) > 0) exit(1);
        usleep(1000);
    }

    uint64_t start = nanoseconds(CLOCK_MONOTONIC), cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
    for (int picture = 0; picture < options.seconds * options.rate; picture++) {
        wait_until(start + picture * 1000000000ull / options.rate);
        number_packets(bytes, &sequence);
        send_all(viewers, bytes, &result);
    }
    result.cpu = (nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / 1e9;
    result.wall = (nanoseconds(CLOCK_MONOTONIC) - start) / 1e9;
    free(bytes);
    return result;
}

static void print(const struct result *result) {
    double gigabits = result->bytes * 8 / 1e9;
    printf("{\"mode\":\"%s\",\"viewers\":%d,\"packets\":%llu,\"bytes\":%llu,\"drained_bytes\":%llu,\"short_sends\":%llu,"
           "\"mbit_per_s\":%.0f,\"cpu_s\":%.4f,\"cpu_s_per_gbit\":%.5f,\"cpu_us_per_packet\":%.4f}\n",
           options.udp ? "udp" : "tcp", options.viewers, (unsigned long long)result->packets,
           (unsigned long long)result->bytes, (unsigned long long)progress->drained,
           (unsigned long long)result->short_sends, gigabits * 1e3 / result->wall, result->cpu, result->cpu / gigabits,
           result->cpu * 1e6 / result->packets);
}

// MARK: The command

static void raise_open_files(void) {
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

static const char usage[] =
    "usage: floor tcp|udp [-n viewers] [-t seconds] [-k packets] [-z size] [-f rate] [-a cpu] [-b cpu]\n"
    "  -n  viewers (100)                 -k  packets of an access unit (15)\n"
    "  -t  seconds (5)                   -z  bytes of an RTP packet (1345)\n"
    "  -a  CPU of the sender (0)         -f  access units a second (25)\n"
    "  -b  CPU of the drain (1)\n";

static void wrong_usage(void) {
    fputs(usage, stderr);
    exit(64);
}

static void read_options(int count, char **arguments) {
    if (count < 2 || (strcmp(arguments[1], "tcp") && strcmp(arguments[1], "udp"))) wrong_usage();
    options.udp = !strcmp(arguments[1], "udp");
    int option;
    while ((option = getopt(count - 1, arguments + 1, "n:t:k:z:f:a:b:")) != -1) {
        switch (option) {
        case 'n': options.viewers = atoi(optarg); break;
        case 't': options.seconds = atoi(optarg); break;
        case 'k': options.packets = atoi(optarg); break;
        case 'z': options.size = atoi(optarg); break;
        case 'f': options.rate = atoi(optarg); break;
        case 'a': options.sender_cpu = atoi(optarg); break;
        case 'b': options.drain_cpu = atoi(optarg); break;
        default: wrong_usage();
        }
    }
    bool right = options.viewers > 0 && options.viewers <= MAX_VIEWERS && options.seconds > 0 && options.packets > 0
        && options.size >= 12 && options.size <= 65000 && options.rate > 0;
    if (right && options.udp) right = options.packets <= 64 && options.packets * options.size <= 65000;
    if (!right) wrong_usage();
}

int main(int count, char **arguments) {
    read_options(count, arguments);
    raise_open_files();
    progress = mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct viewer *viewers = calloc(options.viewers, sizeof *viewers);
    if (progress == MAP_FAILED || !viewers) fail("memory");
    if (options.udp) open_udp(viewers);
    else open_tcp(viewers);

    pid_t child = fork();
    if (child < 0) fail("fork");
    if (child == 0) drain(viewers);
    for (int i = 0; i < options.viewers; i++) close(viewers[i].receiver);
    struct result result = run(viewers);
    usleep(200000);
    progress->stop = true;
    waitpid(child, NULL, 0);
    print(&result);
    return 0;
}
