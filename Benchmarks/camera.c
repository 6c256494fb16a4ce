// camera: up to 500 RTSP cameras in one process, cheap enough to share a core with the viewers.
//
// Every slice packet is stamped so that a viewer can tell how long it was on its way: bytes 2 to 9 of the RTP payload
// are "HELIOBNC", bytes 10 to 17 are CLOCK_MONOTONIC in nanoseconds, big endian, read just before the write. The stamp
// lies in slice data, where it may happen to look like a start code: for players this stream is noise.
#define _GNU_SOURCE
#include "camera.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { SESSIONS = 1024, EVENTS = 256, TIMER = SESSIONS, LISTENER = SESSIONS + 1 };

struct options options = {.cameras = 1, .rate = 25, .group = 50, .payload = 1400, .megabits = 4};

static struct session *sessions[SESSIONS];
static int poll_set, listener, timer;
static volatile sig_atomic_t ended;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static const char usage[] =
    "usage: camera [-l port] [-n cameras] [-f rate] [-r Mbit/s] [-g group] [-p payload] [-w write] [-e] [-a]\n"
    "  -l  RTSP port on 127.0.0.1; 0, the default, lets the kernel choose. The port is printed: \"port 12345\"\n"
    "  -n  cameras, at /cam0, /cam1, …                                  (1)\n"
    "  -f  pictures a second                                            (25)\n"
    "  -r  megabits of RTP payload a second                             (4)\n"
    "  -g  pictures from key frame to key frame                         (50)\n"
    "  -p  bytes of payload in a full RTP packet                        (1400)\n"
    "  -w  packet: a write for each packet, back to back                (packet)\n"
    "      picture: one write for each picture\n"
    "      paced:US: a packet every US microseconds, as from a slow line\n"
    "  -e  key frames of the size of all the others, instead of five times that\n"
    "  -a  sound only: PCMU, 50 packets of 160 bytes a second\n";

static void read_write_mode(const char *text) {
    if (!strcmp(text, "packet")) {
        options.mode = WRITE_PACKET;
    } else if (!strcmp(text, "picture")) {
        options.mode = WRITE_PICTURE;
    } else if (!strncmp(text, "paced:", 6) && atoi(text + 6) > 0) {
        options.mode = WRITE_PACED;
        options.pace = atoi(text + 6) * 1000ull;
    } else {
        fputs(usage, stderr);
        exit(64);
    }
}

static void read_options(int count, char **arguments) {
    int option;
    while ((option = getopt(count, arguments, "l:n:f:r:g:p:w:ea")) != -1) {
        switch (option) {
        case 'l': options.port = atoi(optarg); break;
        case 'n': options.cameras = atoi(optarg); break;
        case 'f': options.rate = atoi(optarg); break;
        case 'r': options.megabits = atof(optarg); break;
        case 'g': options.group = atoi(optarg); break;
        case 'p': options.payload = atoi(optarg); break;
        case 'w': read_write_mode(optarg); break;
        case 'e': options.even = true; break;
        case 'a': options.audio = true; break;
        default: fputs(usage, stderr); exit(64);
        }
    }
    if (options.audio) options.rate = 50, options.payload = 160;
    bool right = options.cameras > 0 && options.cameras <= 500 && options.rate > 0 && options.rate <= 1000
        && options.group > 0 && options.payload >= 100 && options.payload <= 60000 && options.megabits > 0
        && options.megabits <= 1000 && optind == count;
    if (!right) {
        fputs(usage, stderr);
        exit(64);
    }
}

// MARK: Connections

static void poll_for(int operation, int fd, uint32_t events, uint32_t index) {
    struct epoll_event event = {.events = events, .data.u32 = index};
    if (epoll_ctl(poll_set, operation, fd, &event)) fail("epoll_ctl");
}

static int slot_of(const struct session *session) {
    for (int i = 0; i < SESSIONS; i++) {
        if (sessions[i] == session) return i;
    }
    return -1;
}

void watch(struct session *session) {
    uint32_t events = EPOLLIN | (session->unsent_length > 0 ? EPOLLOUT : 0);
    poll_for(EPOLL_CTL_MOD, session->fd, events, slot_of(session));
}

static void open_session(int fd) {
    int slot = slot_of(NULL), on = 1;
    struct session *session = slot < 0 ? NULL : calloc(1, sizeof *session);
    if (!session) {
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    session->fd = fd;
    session->rtp = session->rtcp = -1;
    sessions[slot] = session;
    poll_for(EPOLL_CTL_ADD, fd, EPOLLIN, slot);
}

static uint64_t dropped_pictures;

static void close_session(int slot) {
    struct session *session = sessions[slot];
    dropped_pictures += session->dropped;
    close_media(session);
    close(session->fd);
    free(session->unsent);
    free(session);
    sessions[slot] = NULL;
}

static void accept_all(void) {
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) open_session(fd);
}

static void open_listener(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(options.port)};
    socklen_t size = sizeof address;
    int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 512)) fail("camera: listen");
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("port %d\n", ntohs(address.sin_port));
    fflush(stdout);
}

// MARK: Time

static void set_timer(uint64_t due) {
    struct itimerspec value = {.it_value = {due / 1000000000, due % 1000000000}};
    if (due == UINT64_MAX) value.it_value = (struct timespec){0};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &value, NULL);
}

// Sends whatever is due and gives the time of what is due next.
static uint64_t advance_all(void) {
    uint64_t next = UINT64_MAX, now = nanoseconds();
    for (int i = 0; i < SESSIONS; i++) {
        struct session *session = sessions[i];
        if (!session || !session->playing) continue;
        while (session->due <= now) advance(session, now);
        if (session->due < next) next = session->due;
    }
    return next;
}

static void happened(const struct epoll_event *event) {
    uint32_t slot = event->data.u32;
    if (slot == LISTENER) return accept_all();
    if (slot == TIMER) {
        uint64_t count;
        if (read(timer, &count, sizeof count) < 0) return;
        return;
    }
    if (event->events & EPOLLOUT) send_unsent(sessions[slot]);
    if (event->events & ~EPOLLOUT && !receive_requests(sessions[slot])) close_session(slot);
}

static void end(int signal) {
    (void)signal;
    ended = 1;
}

int main(int count, char **arguments) {
    struct rlimit files;
    struct epoll_event events[EVENTS];
    read_options(count, arguments);
    make_pictures();
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    prctl(PR_SET_TIMERSLACK, 1);
    signal(SIGTERM, end);
    signal(SIGINT, end);
    srandom(nanoseconds());

    poll_set = epoll_create1(EPOLL_CLOEXEC);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    open_listener();
    poll_for(EPOLL_CTL_ADD, listener, EPOLLIN, LISTENER);
    poll_for(EPOLL_CTL_ADD, timer, EPOLLIN, TIMER);
    while (!ended) {
        set_timer(advance_all());
        int happenings = epoll_wait(poll_set, events, EVENTS, -1);
        for (int i = 0; i < happenings; i++) happened(&events[i]);
    }
    for (int i = 0; i < SESSIONS; i++) {
        if (sessions[i]) close_session(i);
    }
    if (dropped_pictures > 0) fprintf(stderr, "camera: %llu pictures dropped\n", (unsigned long long)dropped_pictures);
    return 0;
}
