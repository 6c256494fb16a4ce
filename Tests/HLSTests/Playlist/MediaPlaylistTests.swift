import NIOCore
import TestSupport
import Testing

@testable import HLS

@Suite struct MediaPlaylistTests {
    @Test("A playlist of fragments with parts is written as the RFC has it")
    func lowLatency() {
        var playlist = MediaPlaylist(
            version: 9, targetDuration: 2, mediaSequence: 100, discontinuitySequence: 7,
            control: .init(holdBack: .seconds(6), partHoldBack: .milliseconds(1500), canSkipUntil: .seconds(12)),
            partTarget: .milliseconds(500),
            segments: [
                .init(
                    uri: "100.m4s", duration: .milliseconds(1960), isDiscontinuity: true, map: "init-100.mp4",
                    date: 1_795_304_217_123_000_000, parts: []),
                .init(
                    uri: nil, duration: .zero, isDiscontinuity: false, map: nil, date: 1_795_304_219_083_000_000,
                    parts: [.init(uri: "101-0.m4s", duration: .milliseconds(480), isIndependent: true)]),
            ])
        playlist.preloadHint = "101-1.m4s"
        playlist.reports = [.init(uri: "../video.m3u8", lastSequence: 4, lastPart: 1)]
        #expect(
            playlist.text == """
                #EXTM3U
                #EXT-X-VERSION:9
                #EXT-X-TARGETDURATION:2
                #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.000000,HOLD-BACK=6.000000,PART-HOLD-BACK=1.500000
                #EXT-X-PART-INF:PART-TARGET=0.500000
                #EXT-X-MEDIA-SEQUENCE:100
                #EXT-X-DISCONTINUITY-SEQUENCE:7
                #EXT-X-INDEPENDENT-SEGMENTS
                #EXT-X-DISCONTINUITY
                #EXT-X-MAP:URI="init-100.mp4"
                #EXT-X-PROGRAM-DATE-TIME:2026-11-21T23:36:57.123Z
                #EXTINF:1.960000,
                100.m4s
                #EXT-X-PROGRAM-DATE-TIME:2026-11-21T23:36:59.083Z
                #EXT-X-PART:DURATION=0.480000,URI="101-0.m4s",INDEPENDENT=YES
                #EXT-X-PRELOAD-HINT:TYPE=PART,URI="101-1.m4s"
                #EXT-X-RENDITION-REPORT:URI="../video.m3u8",LAST-MSN=4,LAST-PART=1

                """)
        var checker = PlaylistChecker()
        #expect(checker.check(playlist.text).isEmpty)
    }

    @Test(
        "Dates are those of the calendar, over leap years and before 1970",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_709_251_199_999, "2024-02-29T23:59:59.999Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
        ])
    func dates(milliseconds: Int64, text: String) {
        #expect(PlaylistDate(nanoseconds: milliseconds * 1_000_000).description == text)
    }

    @Test("A duration is told to the microsecond, and compared with the target as it is told")
    func durations() {
        #expect(TimeAmount.nanoseconds(2_499_999_600).decimalSeconds == "2.500000")
        #expect(TimeAmount.nanoseconds(2_499_999_600).nearestSecond == 3)
        #expect(TimeAmount.nanoseconds(2_499_999_400).nearestSecond == 2)
        #expect(TimeAmount.nanoseconds(-5).decimalSeconds == "0.000000")
    }

    @Test("Variants are told with what is known of them")
    func variants() {
        let playlist = MultivariantPlaylist(variants: [
            .init(
                uri: "video.m3u8", bandwidth: 4_100_000, averageBandwidth: 3_900_000,
                codecs: ["avc1.640028", "mp4a.40.2"], resolution: .init(width: 1920, height: 1080), frameRate: 24.9996),
            .init(uri: "sub/video.m3u8", bandwidth: 300_000, frameRate: 12.5),
        ])
        #expect(
            playlist.text == """
                #EXTM3U
                #EXT-X-VERSION:6
                #EXT-X-INDEPENDENT-SEGMENTS
                #EXT-X-STREAM-INF:BANDWIDTH=4100000,AVERAGE-BANDWIDTH=3900000,CODECS="avc1.640028,mp4a.40.2",RESOLUTION=1920x1080,FRAME-RATE=25.000
                video.m3u8
                #EXT-X-STREAM-INF:BANDWIDTH=300000,FRAME-RATE=12.500
                sub/video.m3u8

                """)
    }
}
