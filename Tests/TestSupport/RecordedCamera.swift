import Foundation
import NIOCore

/// A fake camera that sends moving pictures made by ffmpeg, with G.711 sound, in the time of a real one.
///
/// Each life has its own SSRCs, sequence numbers, timestamps and wall clock, as after a power cut.
package final class RecordedCamera: Sendable {
    package let camera: FakeCamera
    private let pump: RepeatedTask

    private init(camera: FakeCamera, pump: RepeatedTask) {
        self.camera = camera
        self.pump = pump
    }

    /// Starts to film; `port` 0 is any, another one lets it come back where it was. `unixSeconds` is what it believes the time to be.
    package static func start(_ film: Film, port: Int = 0, unixSeconds: Double) async throws -> RecordedCamera {
        var behaviour = FakeCameraBehaviour(tracks: [film.track, FakeTrack.audio().silenced])
        behaviour.sendsSenderReports = false
        let camera = try await FakeCamera.start(behaviour, port: port)
        // On the camera's loop: what else computes in this process must not make it stutter.
        let pump = try await camera.loop.submit {
            let projector = Projector(film: film, core: camera.core.value, unixSeconds: unixSeconds)
            let interval = TimeAmount.nanoseconds(250_000_000 / Int64(film.pictureRate))
            let bound = NIOLoopBound(projector, eventLoop: camera.loop)
            return camera.loop.scheduleRepeatedTask(initialDelay: .zero, delay: interval) { _ in bound.value.project() }
        }.get()
        return RecordedCamera(camera: camera, pump: pump)
    }

    package var port: Int { camera.port }

    package var url: String { camera.url }

    /// The power cut: every socket is gone.
    package func stop() async throws {
        pump.cancel()
        try await camera.stop()
    }

    /// Sends every picture when it is due; lives on the camera's loop.
    private final class Projector {
        private let film: Film
        private let core: FakeCameraCore
        private let unixSeconds: Double
        private let begin = NIODeadline.now()
        private var index = 0
        private var video = Line(payloadType: 96, clockRate: 90_000)
        private var audio = Line(payloadType: 0, clockRate: 8000)

        init(film: Film, core: FakeCameraCore, unixSeconds: Double) {
            self.film = film
            self.core = core
            self.unixSeconds = unixSeconds
        }

        func project() {
            while begin + .nanoseconds(1_000_000_000 * Int64(index) / Int64(film.pictureRate)) <= .now() {
                projectOne()
            }
        }

        private func projectOne() {
            let time = Double(index) / Double(film.pictureRate)
            if index % (2 * film.pictureRate) == 1 {
                core.send([video.report(at: time, unixSeconds: unixSeconds)], track: 0, control: true)
                core.send([audio.report(at: time, unixSeconds: unixSeconds)], track: 1, control: true)
            }
            let units = film.pictures[index % film.pictures.count]
            let pieces = units.flatMap { FakeCameraPacket.fragments(of: $0, size: 1400) }
            let packets = pieces.enumerated().map { video.packet($1.payload, at: time, marker: $0 == pieces.count - 1) }
            core.send(packets, track: 0, control: false)
            let silence = [UInt8](repeating: 0xFF, count: 8000 / film.pictureRate)
            core.send([audio.packet(silence, at: time, marker: index == 0)], track: 1, control: false)
            index += 1
        }
    }

    /// One track's numbers.
    private struct Line {
        let payloadType: UInt8
        let clockRate: Double
        let synchronizationSource = UInt32.random(in: 1 ... .max)
        let firstTimestamp = UInt32.random(in: 0 ... .max)
        var sequenceNumber = UInt16.random(in: 0 ... .max)
        var packets: UInt32 = 0
        var octets: UInt32 = 0

        init(payloadType: UInt8, clockRate: Double) {
            self.payloadType = payloadType
            self.clockRate = clockRate
        }

        private func timestamp(at time: Double) -> UInt32 {
            firstTimestamp &+ UInt32(truncatingIfNeeded: Int64((time * clockRate).rounded()))
        }

        mutating func packet(_ payload: [UInt8], at time: Double, marker: Bool) -> [UInt8] {
            defer { sequenceNumber &+= 1 }
            packets &+= 1
            octets &+= UInt32(truncatingIfNeeded: payload.count)
            return FakeCameraPacket.rtp(
                payloadType: payloadType, sequenceNumber: sequenceNumber, timestamp: timestamp(at: time),
                synchronizationSource: synchronizationSource, marker: marker, payload: payload
            )
        }

        /// A sender report (RFC 3550 §6.4.1).
        func report(at time: Double, unixSeconds: Double) -> [UInt8] {
            let moment = unixSeconds + time + 2_208_988_800
            let fraction = UInt32((moment - moment.rounded(.down)) * 4_294_967_295)
            return [0x80, 200, 0, 6]
                + [synchronizationSource, UInt32(moment), fraction, timestamp(at: time), packets, octets]
                .flatMap(FakeCameraPacket.bytes)
        }
    }
}

/// H.264 pictures that can be sent over and over: they begin with a key picture.
package struct Film: Sendable {
    /// NAL units of each picture, without start codes.
    package let pictures: [[[UInt8]]]
    package let pictureRate: Int
    /// As the camera describes it.
    package let track: FakeTrack

    /// What there is to see.
    package enum Subject: String, Sendable {
        /// A few hundred kbit/s.
        case testPicture = "testsrc2=size=320x240:rate=25"
        /// Noise that no encoder can make small: tens of Mbit/s.
        case noise = "color=gray:size=640x480:rate=25,noise=alls=100:allf=t"
    }

    /// The picture could not be made, or is not what was asked for.
    package struct Unusable: Error {}

    /// Has ffmpeg make `seconds` of it, 25 pictures a second, a key picture every `group`.
    package static func make(_ subject: Subject = .testPicture, seconds: Int, group: Int) async throws -> Film {
        try await withTemporaryDirectory { directory in
            let file = directory.appendingPathComponent("film.h264")
            let ended = try await OutsideTool("ffmpeg").start(
                [
                    "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", subject.rawValue, "-t", "\(seconds)",
                    "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency",
                    "-x264-params", "keyint=\(group):scenecut=0:sliced-threads=0:threads=1:aud=1", "-f", "h264",
                    file.path,
                ],
                in: directory
            ).ended(within: .seconds(60))
            guard ended.status == 0 else { throw OutsideTool.Failure(description: "\(ended.complaints)") }
            return try Film(annexB: Array(Data(contentsOf: file)))
        }
    }

    private init(annexB bytes: [UInt8]) throws {
        var pictures: [[[UInt8]]] = []
        for unit in Self.units(of: bytes) {
            switch unit.first.map({ $0 & 0x1F }) {
            case 9: pictures.append([])
            case nil: continue
            default:
                guard !pictures.isEmpty else { throw Unusable() }
                pictures[pictures.count - 1].append(unit)
            }
        }
        let first = pictures.first ?? []
        guard
            let sequenceSet = first.first(where: { $0[0] & 0x1F == 7 }),
            let pictureSet = first.first(where: { $0[0] & 0x1F == 8 })
        else { throw Unusable() }
        var track = FakeTrack.video()
        track.content = .silent
        track.lines[2] =
            "a=fmtp:96 packetization-mode=1;sprop-parameter-sets="
            + SyntheticH264.base64(sequenceSet) + "," + SyntheticH264.base64(pictureSet)
        self.pictures = pictures
        self.track = track
        pictureRate = 25
    }

    /// Cuts at 00 00 01 (ITU-T H.264 annex B).
    private static func units(of bytes: [UInt8]) -> [[UInt8]] {
        var units: [[UInt8]] = []
        var start: Int?
        var index = 0
        while index + 2 < bytes.count {
            if bytes[index + 2] > 1 {
                index += 3
            } else if bytes[index] == 0, bytes[index + 1] == 0, bytes[index + 2] == 1 {
                if let start { units.append(trimmed(bytes[start..<index])) }
                start = index + 3
                index += 3
            } else {
                index += 1
            }
        }
        if let start { units.append(trimmed(bytes[start...])) }
        return units
    }

    private static func trimmed(_ unit: ArraySlice<UInt8>) -> [UInt8] {
        Array(unit[..<((unit.lastIndex { $0 != 0 } ?? unit.startIndex) + 1)])
    }
}
