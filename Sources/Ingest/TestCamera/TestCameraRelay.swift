import LibAV
import Logging
import Media
import NIOCore
import RTP
import Reflector

/// The built-in test camera as a source of a stream: encodes while somebody watches, and costs nothing otherwise.
package struct TestCameraRelay: Sendable {
    private let stream: Stream
    private let configuration: TestCameraConfiguration
    /// Seconds since 1970.
    private let wallClock: @Sendable () -> Double
    private let logger: Logger

    package init(
        stream: Stream, configuration: TestCameraConfiguration, wallClock: @escaping @Sendable () -> Double,
        logger: Logger
    ) {
        self.stream = stream
        self.configuration = configuration
        self.wallClock = wallClock
        self.logger = logger
    }

    /// Runs until the stream is closed or the task is cancelled.
    package func run() async {
        await stream.whileWanted {
            while !Task.isCancelled {
                do {
                    try await film()
                } catch is CancellationError {
                    logger.info("camera down", metadata: ["reason": "nobody watches"])
                } catch {
                    logger.error("camera down", metadata: ["reason": "\(error)", "retry_seconds": "5"])
                    try? await Task.sleep(for: .seconds(5))
                }
            }
        }
    }

    private func film() async throws {
        let camera = try TestCameraSource(TestCameraSource.Format(configuration))
        let tracks = camera.tracks
        let studio = try await stream.homeLoop.submit { [stream] in
            let publication = try stream.publish(tracks: tracks, by: "test camera")
            return NIOLoopBound(TestCameraStudio(publication: publication), eventLoop: stream.homeLoop)
        }.get()
        defer { stream.homeLoop.execute { studio.value.publication.end() } }
        logger.info(
            "camera up",
            metadata: ["source": "test camera", "picture": "\(configuration.width)x\(configuration.height)"]
        )
        let clock = ContinuousClock()
        let start = clock.now
        var index = 0
        while true {
            try Task.checkCancellation()
            let now = wallClock()
            let frame = try camera.nextFrame(at: now)
            stream.homeLoop.execute { studio.value.publish(frame, filmedAt: now, at: .now()) }
            index += 1
            try await clock.sleep(until: start + .seconds(1) * index / configuration.frameRate)
        }
    }
}

/// Cuts frames into packets and publishes them; confined to the stream's home loop.
private final class TestCameraStudio {
    let publication: Publication
    private let video = H264Packetizer()
    private let audio = AACPacketizer()
    private var sequenceNumbers: [UInt16] = [0, 0]
    /// Seconds since 1970 of timestamp 0 of both tracks.
    private var beginning: Double?

    init(publication: Publication) {
        self.publication = publication
    }

    /// `filmedAt`: seconds since 1970.
    func publish(_ frame: TestCameraFrame, filmedAt time: Double, at now: NIODeadline) {
        let timestamp = UInt32(truncatingIfNeeded: frame.videoTimestamp)
        video.packetize(units: frame.video) { send($0, track: 0, payloadType: 96, timestamp: timestamp, at: now) }
        for accessUnit in frame.audio {
            let timestamp = UInt32(truncatingIfNeeded: accessUnit.timestamp)
            audio.packetize(accessUnit.bytes) {
                send($0, track: 1, payloadType: 97, timestamp: timestamp, at: now)
            }
        }
        if beginning == nil { report(from: time, at: now) }
        publication.readEnded(at: now)
    }

    /// Sound is made ahead of its picture: only a report says how the two belong together.
    private func report(from time: Double, at now: NIODeadline) {
        beginning = time
        for track in publication.statistics.lastArrivals.indices {
            let report = SenderReport(
                ssrc: UInt32(track + 1), ntp: NTPTime(unixNanoseconds: Int64(time * 1e9)), rtpTimestamp: 0,
                packetCount: 0, octetCount: 0
            )
            publication.receive(report, track: track, at: now)
        }
    }

    private func send(
        _ payload: NormalizedPayload, track: Int, payloadType: UInt8, timestamp: UInt32, at now: NIODeadline
    ) {
        let packet = RTPPacket(
            marker: payload.marker,
            payloadType: payloadType,
            sequenceNumber: SequenceNumber(sequenceNumbers[track]),
            timestamp: timestamp,
            ssrc: UInt32(track + 1),
            payload: payload.payload
        )
        sequenceNumbers[track] &+= 1
        publication.receive(packet, track: track, at: now)
    }
}

extension TestCameraSource.Format {
    fileprivate init(_ configuration: TestCameraConfiguration) {
        self.init()
        width = configuration.width
        height = configuration.height
        frameRate = configuration.frameRate
        bitRate = configuration.bitRate
        let nanoseconds = Double(configuration.keyFrameInterval.nanoseconds)
        keyFrameInterval = max(1, Int(nanoseconds / 1e9 * Double(configuration.frameRate)))
    }
}
