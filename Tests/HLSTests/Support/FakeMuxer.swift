import LibAV
import Media
import NIOCore
import Reflector
import TestSupport

@testable import HLS

/// Writes units one behind the other: a muxer whose output a test can read.
final class FakeMuxer: SegmentMuxer {
    struct Refused: Error {}

    let initializationSection: ByteBuffer?
    private let breaksAtSound: Bool
    private let soundTrack: Int?
    private var written = ByteBuffer()

    init(_ form: SegmentForm, _ tracks: [MuxedTrack], breaksAtSound: Bool = false) {
        self.breaksAtSound = breaksAtSound
        soundTrack = tracks.firstIndex { $0.codec == .aac }
        switch form {
        case .transportStream: initializationSection = nil
        case .fragments: initializationSection = ByteBuffer(string: tracks.map { "\($0)" }.joined(separator: "+"))
        }
    }

    func write(_ unit: AccessUnit, duration: Int64) throws {
        if breaksAtSound, unit.track == soundTrack { throw Refused() }
        precondition(duration > 0)
        written.writeImmutableBuffer(unit.payload)
    }

    func cut() throws -> ByteBuffer {
        defer { written = ByteBuffer() }
        return written
    }
}

/// Makes one frame of AAC of each packet of G.711.
final class FakeTranscoder: SoundTranscoder {
    struct Refused: Error {}

    let track = MuxedTrack(codec: .aac, configuration: .aac(audioSpecificConfig: [0x15, 0x88]), clockRate: 8000)
    private let isBroken: Bool

    init(isBroken: Bool = false) {
        self.isBroken = isBroken
    }

    func transcode(_ unit: AccessUnit) throws -> [AccessUnit] {
        if isBroken { throw Refused() }
        return [unit]
    }
}

/// A stream whose events a test makes.
final class FakeSource: UnitSource {
    let events: AsyncStream<AccessUnitFeed.Event>
    private let continuation: AsyncStream<AccessUnitFeed.Event>.Continuation
    private let ended = Locked(false)

    /// Who asked for it has let it go.
    var isEnded: Bool { ended.value }

    init() {
        (events, continuation) = AsyncStream.makeStream()
    }

    func send(_ events: [AccessUnitFeed.Event]) {
        for event in events { continuation.yield(event) }
    }

    func end() {
        ended.change { $0 = true }
        continuation.finish()
    }
}

extension StreamWorks {
    /// Fake muxers and transcoders behind a source.
    static func fake(
        breaksAtSound: Bool = false, breaksTranscoding: Bool = false,
        open: @escaping @Sendable () async throws -> any UnitSource = { FakeSource() }
    ) -> StreamWorks {
        StreamWorks(
            open: open,
            muxer: { FakeMuxer($0, $1, breaksAtSound: breaksAtSound) },
            transcoder: { _ in FakeTranscoder(isBroken: breaksTranscoding) },
            codecName: { $0.codec == .h264 ? "avc1.64001f" : $0.codec == .aac ? "mp4a.40.2" : nil })
    }
}
