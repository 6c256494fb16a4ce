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
                    let reason = "\(error)"
                    stream.homeLoop.execute { [stream] in stream.isDown(because: reason) }
                    logger.error("camera down", metadata: ["reason": "\(reason)", "retry_seconds": "5"])
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
            return NIOLoopBound(TestCameraStudio(publication: publication, tracks: tracks), eventLoop: stream.homeLoop)
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
    private var tracks: [PacketizedTrack]
    /// Seconds since 1970 of the first picture and the first sample.
    private var beginning: Double?

    init(publication: Publication, tracks: [TrackDescription]) {
        self.publication = publication
        self.tracks = tracks.compactMap { PacketizedTrack($0) }
    }

    /// `filmedAt`: seconds since 1970.
    func publish(_ frame: TestCameraFrame, filmedAt time: Double, at now: NIODeadline) {
        send(frame.video, track: 0, time: frame.videoTimestamp, at: now)
        for accessUnit in frame.audio {
            let time = accessUnit.timestamp * 90_000 / Int64(TestCameraSource.sampleRate)
            send([accessUnit.bytes], track: 1, time: time, at: now)
        }
        if beginning == nil { report(from: time, at: now) }
        publication.readEnded(at: now)
    }

    /// Sound is made ahead of its picture: only a report says how the two belong together.
    private func report(from time: Double, at now: NIODeadline) {
        beginning = time
        let ntp = NTPTime(unixNanoseconds: Int64(time * 1e9))
        for (index, track) in tracks.enumerated() {
            publication.receive(track.report(of: 0, at: ntp), track: index, at: now)
        }
    }

    private func send(_ parts: [ByteBuffer], track: Int, time: Int64, at now: NIODeadline) {
        tracks[track].packetize(parts, at: time) { publication.receive($0, track: track, at: now) }
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
