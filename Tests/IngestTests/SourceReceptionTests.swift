import Media
import NIOCore
import Testing

@testable import Ingest

@Suite("What comes in from one source, all tracks of it")
struct SourceReceptionTests {
    @Test("J7 sound in a codec that was not announced is silence: the source is given up, and described anew")
    func otherCodec() {
        let video = TrackDescription(
            kind: .video,
            formats: [TrackFormat(payloadType: 96, codec: .h264, encodingName: "H264", clockRate: 90_000)])
        let sound = TrackDescription(
            kind: .audio, formats: [TrackFormat(payloadType: 8, codec: .pcma, encodingName: "PCMA", clockRate: 8000)])
        var reception = SourceReception([video, sound])
        var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
        reception.watch = StallWatch(kinds: [.video, .audio], patience: .seconds(6), since: now)
        var given: StallWatch.Verdict?
        var passed = [0, 0]
        for index in 0..<25 * 9 {
            now = now + .milliseconds(40)
            // The setting is changed after two seconds: from A-law to AAC.
            for (track, payloadType) in [(0, 96), (1, index < 50 ? 8 : 97)] {
                var packet = ByteBuffer(bytes: [0x80, UInt8(payloadType), UInt8(index >> 8), UInt8(index & 0xFF)])
                packet.writeInteger(UInt32(index) * 3600)
                packet.writeInteger(UInt32(track))
                packet.writeBytes([0x41, 0x9A, 0x00])
                _ = reception.receive(packet, track: track, isControl: false, at: now) { _, track, _ in
                    passed[track] += 1
                }
            }
            given = given ?? reception.watch?.verdict(at: now)
            if given != nil { break }
        }
        #expect(given == .stalled(.audio))
        #expect(passed == [200, 50])
        #expect(reception.counters.unknownPayloadTypes == 150)
    }
}
