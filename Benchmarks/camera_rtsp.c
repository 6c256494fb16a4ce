// The RTSP conversation: OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, GET_PARAMETER, TEARDOWN (RFC 2326).
#define _GNU_SOURCE
#include "camera.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORT_ATTEMPTS = 200 };

static void answer(struct session *session, const char *status, const char *cseq, const char *rest) {
    char text[2048];
    int length = snprintf(text, sizeof text, "RTSP/1.0 %s\r\nCSeq: %s\r\n%s", status, cseq, *rest ? rest : "\r\n");
    if (length < (int)sizeof text) send_bytes(session, (uint8_t *)text, length);
}

static void header(const char *request, const char *name, char *value, size_t size) {
    value[0] = 0;
    const char *line = strcasestr(request, name);
    if (!line) return;
    line += strlen(name);
    line += strspn(line, " ");
    snprintf(value, size, "%.*s", (int)strcspn(line, "\r\n"), line);
}

static int bound_socket(uint16_t port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
    if (fd >= 0) close(fd);
    return -1;
}

static uint16_t local_port(int fd) {
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    return getsockname(fd, (struct sockaddr *)&address, &size) == 0 ? ntohs(address.sin_port) : 0;
}

// An even port for RTP and the next for RTCP.
static int open_ports(struct session *session) {
    for (int attempt = 0; attempt < PORT_ATTEMPTS; attempt++) {
        int rtp = bound_socket(0);
        if (rtp < 0) return 0;
        uint16_t port = local_port(rtp);
        int rtcp = port % 2 == 0 ? bound_socket(port + 1) : -1;
        if (rtcp >= 0) {
            session->rtp = rtp;
            session->rtcp = rtcp;
            return port;
        }
        close(rtp);
    }
    return 0;
}

static bool connect_ports(struct session *session, int rtp, int rtcp) {
    struct sockaddr_in peer;
    socklen_t size = sizeof peer;
    if (getpeername(session->fd, (struct sockaddr *)&peer, &size)) return false;
    peer.sin_port = htons(rtp);
    if (connect(session->rtp, (struct sockaddr *)&peer, size)) return false;
    peer.sin_port = htons(rtcp);
    return connect(session->rtcp, (struct sockaddr *)&peer, size) == 0;
}

void close_media(struct session *session) {
    if (session->rtp >= 0) close(session->rtp);
    if (session->rtcp >= 0) close(session->rtcp);
    session->rtp = session->rtcp = -1;
    session->set_up = session->playing = session->udp = false;
}

static bool set_up_transport(struct session *session, const char *wanted, char *transport, size_t size) {
    int first = 0, second = 1;
    const char *ports = strstr(wanted, "client_port=");
    if (strstr(wanted, "RTP/AVP/TCP")) {
        const char *channels = strstr(wanted, "interleaved=");
        if (channels) sscanf(channels, "interleaved=%d", &first);
        session->channel = first;
        snprintf(transport, size, "RTP/AVP/TCP;unicast;interleaved=%d-%d", first, first + 1);
        return true;
    }
    if (!ports || sscanf(ports, "client_port=%d-%d", &first, &second) != 2) return false;
    int port = open_ports(session);
    if (port == 0 || !connect_ports(session, first, second)) return false;
    session->udp = true;
    snprintf(transport, size, "RTP/AVP;unicast;client_port=%d-%d;server_port=%d-%d", first, second, port, port + 1);
    return true;
}

static void set_up(struct session *session, const char *request, const char *cseq) {
    char wanted[256], transport[256], rest[512];
    header(request, "\r\nTransport:", wanted, sizeof wanted);
    close_media(session);
    if (!set_up_transport(session, wanted, transport, sizeof transport)) {
        close_media(session);
        return answer(session, "461 Unsupported Transport", cseq, "");
    }
    session->set_up = true;
    session->ssrc = random();
    session->sequence = random();
    session->first_timestamp = random();
    session->packets = session->octets = 0;
    snprintf(rest, sizeof rest, "Session: %08x;timeout=60\r\nTransport: %s;ssrc=%08X\r\n\r\n", session->ssrc, transport,
             session->ssrc);
    answer(session, "200 OK", cseq, rest);
}

static void describe_camera(struct session *session, const char *url, const char *cseq) {
    char text[1024], rest[1700];
    describe(text, sizeof text);
    snprintf(rest, sizeof rest, "Content-Base: %.512s/\r\nContent-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n%s",
             url, strlen(text), text);
    answer(session, "200 OK", cseq, rest);
}

static void play(struct session *session, const char *cseq) {
    char rest[128];
    snprintf(rest, sizeof rest, "Session: %08x\r\nRange: npt=0.000-\r\n\r\n", session->ssrc);
    answer(session, "200 OK", cseq, rest);
    if (!session->playing) start_playing(session);
}

static void respond(struct session *session, const char *request) {
    char method[32], url[512], cseq[32];
    header(request, "\r\nCSeq:", cseq, sizeof cseq);
    if (sscanf(request, "%31s %511s", method, url) != 2) return answer(session, "400 Bad Request", cseq, "");
    const char *path = strstr(url, "/cam");
    bool known = path && sscanf(path, "/cam%d", &session->camera) == 1;
    known = known && session->camera >= 0 && session->camera < options.cameras;

    if (!strcmp(method, "OPTIONS")) {
        const char *methods = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, GET_PARAMETER, TEARDOWN\r\n\r\n";
        return answer(session, "200 OK", cseq, methods);
    }
    if (!known) return answer(session, "404 Not Found", cseq, "");
    if (!strcmp(method, "DESCRIBE")) return describe_camera(session, url, cseq);
    if (!strcmp(method, "SETUP")) return set_up(session, request, cseq);
    if (!session->set_up) return answer(session, "454 Session Not Found", cseq, "");
    if (!strcmp(method, "PLAY")) return play(session, cseq);
    if (!strcmp(method, "PAUSE")) session->playing = false;
    if (!strcmp(method, "TEARDOWN")) close_media(session);
    answer(session, "200 OK", cseq, "");
}

// Takes the first request or interleaved frame from the input; false when more bytes are needed.
static bool take_message(struct session *session) {
    uint8_t *input = (uint8_t *)session->input;
    size_t length = session->input_length, used;
    if (length >= 4 && input[0] == '$') {
        size_t frame = FRAME_HEADER + (input[2] << 8 | input[3]);
        used = frame < length ? frame : length;
        session->skipped = frame - used;
    } else {
        session->input[length] = 0;
        char *end = input[0] == '$' ? NULL : strstr(session->input, "\r\n\r\n");
        if (!end) return false;
        end[2] = 0;
        used = end + 4 - session->input;
        respond(session, session->input);
    }
    memmove(input, input + used, length - used);
    session->input_length = length - used;
    return session->input_length > 0;
}

// Reads what has come; false when the connection is over.
bool receive_requests(struct session *session) {
    size_t room = INPUT_SIZE - 1 - session->input_length;
    ssize_t got = recv(session->fd, session->input + session->input_length, room, MSG_DONTWAIT);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) return false;
    if (session->skipped > 0) {
        size_t skipped = session->skipped < (size_t)got ? session->skipped : (size_t)got;
        session->skipped -= skipped;
        got -= skipped;
        memmove(session->input, session->input + skipped, got);
    }
    session->input_length += got;
    while (session->input_length > 0 && take_message(session)) continue;
    return session->input_length < INPUT_SIZE - 1;
}
