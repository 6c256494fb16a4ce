import Media
import RTSP
import Reflector
import TestSupport
import Testing

@testable import Egress

/// Viewers that are relays themselves.
@Suite struct RelayViewerTests {
    private static let other = [("Via", "RTSP/1.0 heliograph-other")]

    @Test("OPTIONS tells that this is a relay, and DESCRIBE the whole way of the stream")
    func told() async throws {
        try await LoopbackRelay.run { relay, camera in
            let own = "RTSP/1.0 \(relay.directory.relay)"
            let viewer = try await relay.viewer()
            #expect(try await viewer.request("OPTIONS", "*")["Via"] == own)
            #expect(try await viewer.request("DESCRIBE", relay.url("gate"))["Via"] == own)
            try await camera.leave()
            let tracks = [SyntheticCamera.video, SyntheticCamera.audio]
            _ = try await SyntheticCamera(stream: camera.stream, tracks: tracks, via: RelayChain(["far"]))
            #expect(try await viewer.request("DESCRIBE", relay.url("gate"))["Via"] == "RTSP/1.0 far, \(own)")
        }
    }

    @Test("One from which the stream comes is refused with 508, and so is a request that came from here")
    func refused() async throws {
        let log = LogRecord()
        try await LoopbackRelay.run(logger: log.logger) { relay, camera in
            let viewer = try await relay.viewer()
            let fromHere = [("Via", "RTSP/1.0 \(relay.directory.relay), RTSP/1.0 heliograph-other")]
            #expect(try await viewer.request("DESCRIBE", relay.url("gate"), fromHere).status == 508)
            #expect(try await viewer.request("DESCRIBE", relay.url("gate"), Self.other).status == 200)
            try await camera.stream.homeLoop.submit { [stream = camera.stream] in
                stream.sourceIsAsked(through: RelayChain(["heliograph-other"]))
            }.get()
            #expect(try await viewer.request("DESCRIBE", relay.url("gate"), Self.other).status == 508)
            let setup = [("Transport", "RTP/AVP/TCP;unicast;interleaved=0-1")] + Self.other
            #expect(try await viewer.request("SETUP", relay.url("gate/trackID=0"), setup).status == 508)
            #expect(try await viewer.request("DESCRIBE", relay.url("gate")).status == 200)
            #expect(log.lines.count { $0.hasPrefix("notice viewer refused") } == 1, "once for a connection")
            #expect(log.lines.count { $0.hasPrefix("debug viewer refused") } == 2)
            let next = try await relay.viewer()
            #expect(try await next.request("DESCRIBE", relay.url("gate"), fromHere).status == 508)
            #expect(log.lines.count { $0.hasPrefix("notice viewer refused") } == 2)
        }
    }

    @Test("When the stream comes another way a relay has to ask again, and the other viewers play on")
    func anotherWay() async throws {
        try await LoopbackRelay.run { relay, camera in
            let viewer = try await relay.viewer()
            let session = try await viewer.setUpBoth(relay.url("gate"))
            try await camera.sendGroup()
            #expect(try await viewer.play(relay.url("gate"), session).status == 200)
            let downstream = try await relay.viewer()
            let setup = [("Transport", "RTP/AVP/TCP;unicast;interleaved=0-1")] + Self.other
            let other = try await downstream.request("SETUP", relay.url("gate/trackID=0"), setup).session ?? ""
            #expect(try await downstream.play(relay.url("gate"), other).status == 200)
            try await camera.leave()
            let tracks = [SyntheticCamera.video, SyntheticCamera.audio]
            let next = try await SyntheticCamera(
                stream: camera.stream, tracks: tracks, via: RelayChain(["far"]))
            try await downstream.closed()
            let before = viewer.frames.elements.count
            try await eventually("the viewer gets the pictures of the next source") {
                try await next.sendGroup()
                return viewer.frames.elements.count > before + 10
            }
        }
    }
}
