import Media
import NIOCore
import Reflector

@testable import HLS

/// A camera of H.264 and sound that tells its units as a stream would, and to which things happen.
struct SimulatedCamera {
    /// SPS of 1280x720 and 640x360 with their PPS.
    static let parameterSets: [CodecConfiguration] = [
        .h264(
            sequenceParameterSets: [
                [
                    0x67, 0x64, 0x00, 0x1F, 0xAC, 0xD9, 0x40, 0x50, 0x05, 0xBB, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00,
                    0x10,
                    0x00, 0x00, 0x03, 0x03, 0x20, 0xF1, 0x83, 0x19, 0x60,
                ]
            ], pictureParameterSets: [[0x68, 0xEB, 0xE3, 0xCB, 0x22, 0xC0]]),
        .h264(
            sequenceParameterSets: [
                [
                    0x67, 0x64, 0x00, 0x1E, 0xAC, 0xD9, 0x40, 0xA0, 0x2F, 0xF9, 0x70, 0x11, 0x00, 0x00, 0x03, 0x00,
                    0x01,
                    0x00, 0x00, 0x03, 0x00, 0x32, 0x0F, 0x16, 0x2D, 0x96,
                ]
            ], pictureParameterSets: [[0x68, 0xEB, 0xE3, 0xCB, 0x22, 0xC0]]),
    ]

    var frameRate = 25
    /// In pictures.
    var group = 50
    var hasSound = true
    /// What the sound is sent as.
    var soundCodec = Codec.pcmu
    var configuration = 0
    var pictureSize = 4000
    /// Seconds since it was switched on, as viewers' clocks have it.
    var seconds: Double { Double(microseconds) / 1e6 }
    private var microseconds: Int64 = 0
    /// Microseconds by which its times are off.
    private var offset: Int64 = 0
    private var pictures = 0
    private var soundTicks: Int64 = 0

    static let start: Int64 = 1_795_304_217_000_000_000

    /// Nanoseconds since 1970.
    var wallClock: Int64 { Self.start + microseconds * 1000 }
    var now: NIODeadline { .uptimeNanoseconds(1_000_000_000_000 + UInt64(microseconds * 1000)) }

    var tracks: [StreamTrack] {
        let sound = TrackFormat(payloadType: 0, codec: soundCodec, clockRate: 8000)
        return [
            StreamTrack(
                index: 0,
                description: TrackDescription.packetized(.h264, configuration: Self.parameterSets[configuration]),
                ssrc: 1),
            StreamTrack(index: 1, description: TrackDescription(kind: .audio, formats: [sound]), ssrc: 2),
        ]
    }

    /// The next picture and the sound up to it. `trembling` moves it by so many ticks.
    mutating func next(trembling: Int64 = 0) -> [AccessUnitFeed.Event] {
        let isKey = pictures % group == 0
        pictures += 1
        let time = (microseconds + offset) * 90 / 1000 + trembling
        var units: [AccessUnit] = []
        let until = (microseconds + offset) * 8 / 1000
        if abs(until - soundTicks) > 8000 { soundTicks = until }
        while soundTicks < until {
            if hasSound { units.append(frame()) }
            soundTicks += 160
        }
        units.append(
            AccessUnit(
                track: 0, decodeTime: time, presentationTime: time, wallClock: wallClock, isRandomAccess: isKey,
                payload: ByteBuffer(repeating: isKey ? 1 : 2, count: isKey ? pictureSize * 5 : pictureSize)))
        microseconds += 1_000_000 / Int64(frameRate)
        return [.units(units)]
    }

    private func frame() -> AccessUnit {
        AccessUnit(
            track: 1, decodeTime: soundTicks, presentationTime: soundTicks, duration: 160, wallClock: wallClock,
            isRandomAccess: true, payload: ByteBuffer(repeating: 3, count: 160))
    }

    /// Nothing comes for a while; then it begins with a key frame.
    mutating func restart(after pause: Double) -> [AccessUnitFeed.Event] {
        microseconds += Int64(pause * 1e6)
        pictures = 0
        return [.ended(reason: "lost"), .discontinuity]
    }

    mutating func changeResolution() -> [AccessUnitFeed.Event] {
        configuration = 1 - configuration
        pictures = 0
        return [.tracks(tracks)]
    }

    /// Times that jump without anything being said.
    mutating func jump(by offset: Double) {
        self.offset += Int64(offset * 1e6)
        pictures = 0
    }
}
