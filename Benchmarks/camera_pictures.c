// The packets of a key frame and of any other picture, made once, and the words that announce them (SDP).
#include "camera.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Constrained baseline, level 3.1, 1280 × 720, no timing (so any rate of pictures is right), and its PPS.
static const uint8_t sps[] = {0x67, 0x42, 0xc0, 0x1f, 0xda, 0x01, 0x40, 0x16, 0xe4};
static const uint8_t pps[] = {0x68, 0xce, 0x3c, 0x80};

// A whole IDR slice: the upper 16 lines of the picture, 80 macroblocks of grey, a byte each ("Intra 16 × 16, DC, nothing
// coded") behind a header of 20 bits. It is the one slice here that decodes: players learn the size of pictures from it.
static const uint8_t grey_begin[] = {0x65, 0x88, 0x84, 0xa2};
enum { GREY = 0x72, GREY_END = 0x78, GREY_SIZE = sizeof grey_begin + 79 + 1 };

enum { NAL_OTHER = 0x41, NAL_IDR = 0x65, FU_A = 28, STAMP_END = 18, KEY_FRAME_FACTOR = 5 };

struct pictures pictures;

static uint8_t *add_packet(struct picture *picture, size_t payload, bool marker, bool stamped) {
    size_t length = RTP_HEADER + payload;
    uint8_t *frame = picture->bytes + picture->length;
    frame[0] = '$';
    frame[2] = length >> 8;
    frame[3] = length;
    frame[4] = 0x80;
    frame[5] = pictures.type | (marker ? 0x80 : 0);
    picture->packets[picture->count++] = (struct packet){frame, length, stamped};
    picture->length += FRAME_HEADER + length;

    uint8_t *body = frame + FRAME_HEADER + RTP_HEADER;
    memset(body, 0xb5, payload);
    if (stamped) memcpy(body + 2, "HELIOBNC", 8);
    return body;
}

static void add_slice(struct picture *picture, uint8_t nal, size_t size) {
    size_t full = options.payload;
    if (size <= full) {
        add_packet(picture, size, true, true)[0] = nal;
        return;
    }
    for (size_t offset = 0; offset < size;) {
        size_t length = size - offset < full ? size - offset : full;
        bool last = offset + length == size;
        uint8_t *payload = add_packet(picture, length < STAMP_END ? STAMP_END : length, last, true);
        payload[0] = (nal & 0x60) | FU_A;
        payload[1] = (nal & 0x1f) | (offset == 0 ? 0x80 : 0) | (last ? 0x40 : 0);
        offset += length;
    }
}

static void add_grey(struct picture *picture) {
    uint8_t *payload = add_packet(picture, GREY_SIZE, false, false);
    memset(payload, GREY, GREY_SIZE);
    memcpy(payload, grey_begin, sizeof grey_begin);
    payload[GREY_SIZE - 1] = GREY_END;
}

static struct picture empty_picture(size_t size) {
    size_t packets = size / options.payload + 5;
    size_t overhead = packets * (FRAME_HEADER + RTP_HEADER + STAMP_END) + sizeof sps + sizeof pps + GREY_SIZE;
    struct picture picture = {.bytes = calloc(1, size + overhead), .packets = calloc(packets, sizeof(struct packet))};
    if (!picture.bytes || !picture.packets) abort();
    return picture;
}

static void make_video(void) {
    double group = options.megabits * 1e6 / 8 * options.group / options.rate;
    double factor = options.even ? 1 : KEY_FRAME_FACTOR;
    size_t other = group / (options.group - 1 + factor);
    size_t key = other * factor;
    if (other < STAMP_END) key = other = STAMP_END;

    pictures.clock = 90000;
    pictures.type = 96;
    pictures.key = empty_picture(key);
    memcpy(add_packet(&pictures.key, sizeof sps, false, false), sps, sizeof sps);
    memcpy(add_packet(&pictures.key, sizeof pps, false, false), pps, sizeof pps);
    add_grey(&pictures.key);
    add_slice(&pictures.key, NAL_IDR, key);
    pictures.other = empty_picture(other);
    add_slice(&pictures.other, NAL_OTHER, other);
}

static void make_audio(void) {
    pictures.clock = 8000;
    pictures.type = 0;
    pictures.key = empty_picture(options.payload);
    add_packet(&pictures.key, options.payload, false, true);
    pictures.other = pictures.key;
}

void make_pictures(void) {
    if (options.audio) make_audio();
    else make_video();
}

void describe(char *text, size_t size) {
    const char *media = options.audio
        ? "m=audio 0 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
        : "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
          "a=fmtp:96 packetization-mode=1;profile-level-id=42C01F;sprop-parameter-sets=Z0LAH9oBQBbk,aM48gA==\r\n";
    snprintf(text, size,
             "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=camera\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=control:*\r\n"
             "%sa=control:track1\r\n", media);
}
