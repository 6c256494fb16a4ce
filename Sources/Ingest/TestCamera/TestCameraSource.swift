import LibAV
import Media
import NIOCore

/// What the test camera makes for one picture, ready to be cut into RTP packets.
package struct TestCameraFrame: Sendable {
    /// The NAL units of the picture, without start codes.
    package var video: [ByteBuffer]
    /// Whether a viewer can start at this picture; then parameter sets lead it.
    package var isKeyFrame: Bool
    /// Time of the picture in 1/90000 s since the first one.
    package var videoTimestamp: Int64
    /// AAC frames that begin before the next picture, timestamps in samples since the first picture; often empty.
    package var audio: [EncodedAudioFrame]
}

/// A camera that needs no hardware: draws, sounds and encodes one picture per call.
///
/// Knows no clock: the caller asks for each frame when it is due (frame *n* at start + *n* / frame rate) and says what
/// time it is. Belongs to one thread or event loop at a time; one call costs a few milliseconds.
package final class TestCameraSource {
    /// What the camera is to make.
    package struct Format: Sendable, Hashable {
        /// Pixels, even.
        package var width = 1280
        /// Pixels, even.
        package var height = 720
        /// Pictures per second.
        package var frameRate = 25
        /// Ceiling of the video in bit/s; the card itself needs far less.
        package var bitRate = 2_000_000
        /// Pictures from one key frame to the next.
        package var keyFrameInterval = 50
        /// Channels of sound at 48 kHz: 1, 2, or 0 for none.
        package var audioChannels = 2
        /// Stands on the card, in capitals, digits and `: . - _ /`; 16 letters.
        package var caption = "HELIOGRAPH"

        package init() {}
    }

    /// The tracks, video first, with all a viewer must know in advance.
    package let tracks: [TrackDescription]
    /// What the camera makes.
    package let format: Format

    /// Samples per second of the sound.
    package static let sampleRate = 48_000

    private let videoEncoder: VideoEncoder
    private let audioEncoder: AudioEncoder?
    private var card: TestCard
    private var tone: Tone?
    private var nextIndex: Int64 = 0
    private var nextSample: Int64 = 0

    /// Opens the encoders; throws `LibAVError` where libav has none or the format is out of range.
    package init(_ format: Format = Format()) throws(LibAVError) {
        self.format = format
        let videoEncoder = try VideoEncoder(
            width: format.width,
            height: format.height,
            frameRate: format.frameRate,
            bitRate: format.bitRate,
            keyFrameInterval: format.keyFrameInterval
        )
        var tracks = [Self.videoTrack(videoEncoder)]
        var audioEncoder: AudioEncoder?
        if format.audioChannels != 0 {
            let encoder = try AudioEncoder(
                sampleRate: Self.sampleRate,
                channels: format.audioChannels,
                bitRate: format.audioChannels == 1 ? 64_000 : 96_000
            )
            tracks.append(Self.audioTrack(encoder))
            audioEncoder = encoder
        }
        card = try TestCard(width: format.width, height: format.height, caption: format.caption)
        self.videoEncoder = videoEncoder
        self.audioEncoder = audioEncoder
        self.tracks = tracks
    }

    /// Makes the next picture and the sound that goes with it.
    ///
    /// - Parameter wallClock: seconds since 1970 (UTC), shown on the card.
    package func nextFrame(at wallClock: Double) throws(LibAVError) -> TestCameraFrame {
        let index = nextIndex
        nextIndex += 1
        try card.draw(frame: index, wallClock: wallClock)
        let accessUnits = try videoEncoder.encode(picture: card.picture, presentationIndex: index)
        return TestCameraFrame(
            video: accessUnits.flatMap(\.nalUnits),
            isKeyFrame: accessUnits.contains { $0.isKeyFrame },
            videoTimestamp: time(ofPicture: accessUnits.first?.presentationIndex ?? index, unitsPerSecond: 90_000),
            audio: try sound(untilPicture: index + 1, wallClock: wallClock)
        )
    }

    private func sound(untilPicture index: Int64, wallClock: Double) throws(LibAVError) -> [EncodedAudioFrame] {
        guard let audioEncoder else { return [] }
        // The first picture's clock is sample 0's: beep and flash stay together from there on.
        let tone = self.tone ?? Tone(sampleRate: Self.sampleRate, startsAt: wallClock)
        self.tone = tone
        let samplesPerFrame = Int64(AudioEncoder.samplesPerFrame)
        // What the encoder gives back begins two frames before what it takes.
        let end = time(ofPicture: index, unitsPerSecond: Int64(Self.sampleRate)) + 2 * samplesPerFrame
        var frames: [EncodedAudioFrame] = []
        while nextSample < end {
            frames += try audioEncoder.encode(firstSample: nextSample) { _, samples in
                tone.write(from: nextSample, to: samples)
            }
            nextSample += samplesPerFrame
        }
        // The frame before sample 0 only warms the decoder up.
        return frames.filter { $0.timestamp >= 0 }
    }

    private func time(ofPicture index: Int64, unitsPerSecond: Int64) -> Int64 {
        index * unitsPerSecond / Int64(format.frameRate)
    }
}
