import LibAV
import Media
import Reflector

/// Which tracks of a stream are shown in HLS: the first video that players know, and the first sound that is AAC or can become it.
struct TrackSelection: Sendable, Hashable {
    enum Outcome: Sendable, Hashable {
        case chosen(TrackSelection)
        /// The parameter sets of the video have not come yet.
        case incomplete
        /// Nothing that can be shown, with the reason.
        case unsupported(String)
    }

    struct Video: Sendable, Hashable {
        /// `StreamTrack.index`
        var index: Int
        var track: MuxedTrack
        /// As the description tells, pictures a second.
        var declaredFrameRate: Double?
    }

    struct Sound: Sendable, Hashable {
        /// `StreamTrack.index`
        var index: Int
        var format: TrackFormat
        /// What passes as it is; `nil` has to become AAC.
        var track: MuxedTrack?
    }

    var video: Video?
    var sound: Sound?

    static func of(_ tracks: [StreamTrack]) -> Outcome {
        let pictures = tracks.filter { $0.description.kind == .video }
        let sound = tracks.lazy.compactMap(Self.sound).first
        guard !pictures.isEmpty else {
            guard let sound else {
                let names = tracks.map { $0.description.primary.codec.description }.joined(separator: ", ")
                return .unsupported("HLS has no video or sound of this kind: \(names)")
            }
            return .chosen(TrackSelection(video: nil, sound: sound))
        }
        let known = pictures.filter { [.h264, .h265].contains($0.description.primary.codec) }
        guard !known.isEmpty else {
            let names = pictures.map { $0.description.primary.codec.description }.joined(separator: ", ")
            return .unsupported(
                "\(names) cannot be shown as HLS or live MP4; let the camera send H.264 or H.265, or ask for snapshot.jpg"
            )
        }
        guard let video = known.lazy.compactMap(Self.video).first else { return .incomplete }
        return .chosen(TrackSelection(video: video, sound: sound))
    }

    private static func video(_ track: StreamTrack) -> Video? {
        let format = track.description.primary
        guard format.configuration.isComplete else { return nil }
        let segmentTrack = MuxedTrack(
            codec: format.codec, configuration: format.configuration, clockRate: format.clockRate ?? 90_000,
            dimensions: format.configuration.dimensions)
        return Video(index: track.index, track: segmentTrack, declaredFrameRate: track.description.frameRate)
    }

    private static func sound(_ track: StreamTrack) -> Sound? {
        guard track.description.kind == .audio else { return nil }
        let format = track.description.primary
        guard let clockRate = format.clockRate, clockRate > 0 else { return nil }
        if format.codec == .aac {
            guard case .aac(let bytes) = format.configuration, let config = AudioSpecificConfig(parsing: bytes) else {
                return nil
            }
            return Sound(
                index: track.index, format: format,
                track: MuxedTrack(
                    codec: .aac, configuration: format.configuration, clockRate: clockRate,
                    channels: config.channels ?? format.channels))
        }
        guard format.codec.becomesAAC else { return nil }
        return Sound(index: track.index, format: format, track: nil)
    }
}

extension Codec {
    /// G.711, G.726, samples of 16 bits and Opus.
    fileprivate var becomesAAC: Bool {
        switch self {
        case .pcmu, .pcma, .opus, .linear16: true
        case .other(let name): name?.hasPrefix("G726") == true || name?.hasPrefix("AAL2-G726") == true
        case .h264, .h265, .mjpeg, .aac: false
        }
    }
}
