import HLS
import Testing

@testable import Server

/// Reading of `hls:`.
@Suite struct HLSKeysTests {
    private static func text(_ hls: String) -> String {
        "cameras: {test: {test_camera: {}}}\nhls: \(hls)"
    }

    @Test("Each key sets one thing")
    func keys() throws {
        let hls = try load(
            Self.text(
                "{segment: 4s, part: 1s, window: 12, container: fmp4, always: true, linger: 1m, start_timeout: 5s, "
                    + "memory: 8MB}")
        ).hls
        #expect(
            hls
                == HLSConfiguration(
                    segmentDuration: .seconds(4), partDuration: .seconds(1), playlistLength: 12, container: .fmp4,
                    always: true, linger: .minutes(1), startTimeout: .seconds(5), memory: 8_000_000))
        #expect(try load(Self.text("")).hls == HLSConfiguration())
    }

    @Test(
        "What makes no sense is told with its place",
        arguments: [
            ("{segment: 500ms}", "hls.segment", "1s to 30s"), ("{part: 2s}", "hls.part", "half of a segment"),
            ("{segment: 6s, part: 1ms}", "hls.part", "100ms"), ("{window: 2}", "hls.window", "from 3"),
            ("{container: ts}", "hls.container", "mpegts"), ("{part: 1s, container: mpegts}", "hls.part", "fmp4"),
            ("{always: yes}", "hls.always", "true or false"), ("{linger: 1s}", "hls.linger", "5s"),
            ("{start_timeout: 0s}", "hls.start_timeout", "1s"), ("{memory: 1KB}", "hls.memory", "a size"),
            ("{segments: 2s}", "hls.segments", "unknown key"), ("on", "hls", "a mapping"),
        ])
    func wrong(hls: String, key: String, expected: String) {
        let problems = errors(Self.text(hls))
        #expect(problems.count == 1)
        #expect(problems.first?.contains("relays.yaml:2:") == true, "\(problems)")
        #expect(problems.first?.contains(" \(key): ") == true, "\(problems)")
        #expect(problems.first?.contains(expected) == true, "\(problems)")
    }
}
