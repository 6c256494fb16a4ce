// A camera that is nothing but RTSP and packets: no pictures are made, and none could be decoded.
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum write_mode { WRITE_PACKET, WRITE_PICTURE, WRITE_PACED };

struct options {
    int port;         // 0: one the kernel chooses; it is printed
    int cameras;      // paths /cam0 to /cam<cameras - 1>
    int rate;         // pictures a second, or packets of sound
    int group;        // pictures from one key frame to the next
    int payload;      // bytes of RTP payload in a full packet
    double megabits;  // RTP payload a second
    bool even;        // key frames no larger than the other pictures
    bool audio;       // PCMU in packets of 20 ms instead of pictures
    enum write_mode mode;
    uint64_t pace;    // nanoseconds from packet to packet with WRITE_PACED
};

// One RTP packet of a picture, with the four bytes "$ channel length" before it. Sequence number, timestamp, SSRC and
// stamp are filled in before each write.
struct packet {
    uint8_t *frame;
    size_t length;  // of the RTP packet, without the four bytes
    bool stamped;
};

// One access unit; its packets lie one behind the other in one piece of memory.
struct picture {
    uint8_t *bytes;
    size_t length;
    struct packet *packets;
    int count;
};

struct pictures {
    struct picture key, other;
    uint32_t clock;  // ticks of the RTP timestamp a second
    uint8_t type;    // of the RTP payload
};

#define INPUT_SIZE 8192
#define FRAME_HEADER 4
#define RTP_HEADER 12

// One connection, and the play session on it.
struct session {
    int fd;  // -1: nobody
    int camera;
    char input[INPUT_SIZE];
    size_t input_length;
    size_t skipped;        // bytes of an interleaved frame still to be thrown away
    uint8_t *unsent;       // what the socket would not take
    size_t unsent_length, unsent_size;

    bool set_up, playing, udp;
    int channel;           // of RTP; RTCP is the next
    int rtp, rtcp;         // connected UDP sockets, -1 if there are none
    uint16_t sequence;
    uint32_t first_timestamp, ssrc;
    uint32_t packets, octets;

    uint64_t started;      // CLOCK_MONOTONIC of picture 0, in nanoseconds like all that follows
    uint64_t due;          // when the next thing is to be sent
    uint64_t report_due;
    uint64_t picture;      // number of the picture on its way, or of the next one
    const struct picture *current;  // the picture on its way, NULL between two
    int next_packet;
    int since_key;         // pictures since the last key frame; < 0: a key frame is due
    uint64_t dropped;      // pictures the socket had no room for
};

extern struct options options;
extern struct pictures pictures;

// camera_pictures.c
void make_pictures(void);
void describe(char *text, size_t size);

// camera_session.c
uint64_t nanoseconds(void);
void send_bytes(struct session *session, const uint8_t *bytes, size_t length);
void send_unsent(struct session *session);
void start_playing(struct session *session);
void advance(struct session *session, uint64_t now);
void watch(struct session *session);

// camera_rtsp.c
bool receive_requests(struct session *session);
void close_media(struct session *session);
