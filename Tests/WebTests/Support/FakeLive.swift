import LibAV
import Logging
import Media
import NIOCore
import Reflector
import TestSupport

@testable import HLS

/// A stream `gate` of H.264 whose pictures a test makes; a fragment of it is the payload of one picture.
final class FakeLive: Sendable {
    private final class Source: UnitSource {
        let events: AsyncStream<AccessUnitFeed.Event>
        let continuation: AsyncStream<AccessUnitFeed.Event>.Continuation

        init() { (events, continuation) = AsyncStream.makeStream() }

        func end() { continuation.finish() }
    }

    private final class Muxer: SegmentMuxer {
        let initializationSection: ByteBuffer? = ByteBuffer(string: "opening")
        private var written = ByteBuffer()

        func write(_ unit: AccessUnit, duration: Int64) { written.writeImmutableBuffer(unit.payload) }

        func cut() -> ByteBuffer {
            defer { written = ByteBuffer() }
            return written
        }
    }

    private struct Nothing: Error {}

    private let source = Source()
    private let time = Locked<Int64>(900_000)
    let service: LiveService

    init(isAbsent: Bool = false, startTimeout: TimeAmount = .seconds(10)) {
        let source = source
        let supply = StreamSupply(
            paths: { [] }, exists: { $0.rawValue == "gate" }, known: { _ in [] },
            works: { path in
                StreamWorks(
                    open: {
                        guard !isAbsent else { throw StreamError.unavailable(path) }
                        return source
                    }, muxer: { _, _ in Muxer() }, transcoder: { _ in throw Nothing() },
                    codecName: { _ in "avc1.64001f" })
            })
        // Time stands still, so that no silence is taken for an outage, however slow the machine.
        let begin = NIODeadline.now()
        var clock = ServedWeb.clock
        if !isAbsent { clock.now = { begin } }
        service = LiveService(
            supply: supply, startTimeout: startTimeout, clock: clock,
            logger: Logger(label: "live", factory: { _ in SwiftLogNoOpLogHandler() }))
        tracks(width: 640)
    }

    /// Other parameter sets, and so a new opening, each time.
    func tracks(width: Int) {
        let sets = CodecConfiguration.h264(
            sequenceParameterSets: [[0x67, 0x64, 0x00, 0x1F, UInt8(truncatingIfNeeded: width)]],
            pictureParameterSets: [[0x68, 0xEB]])
        let format = TrackFormat(payloadType: 96, codec: .h264, clockRate: 90_000, configuration: sets)
        let track = TrackDescription(kind: .video, formats: [format])
        source.continuation.yield(.tracks([StreamTrack(index: 0, description: track, ssrc: 1)]))
    }

    func picture(_ payload: String, isKey: Bool = false) {
        picture(ByteBuffer(string: payload), isKey: isKey)
    }

    func picture(_ payload: ByteBuffer, isKey: Bool = false) {
        let now = time.change { time in
            time += 3600
            return time
        }
        source.continuation.yield(
            .units([
                AccessUnit(
                    track: 0, decodeTime: now, presentationTime: now, wallClock: 0, isRandomAccess: isKey,
                    payload: payload)
            ]))
    }

    /// The source is over, as when the server stops.
    func close() async {
        await service.close()
    }
}
