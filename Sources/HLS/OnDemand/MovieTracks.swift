import ISOMedia
import LibAV
import Media

/// Which tracks of a movie are shown in HLS: the first H.264 or H.265, and the first sound that is AAC or can become it, of those that are
/// switched on.
struct MovieTracks: Sendable {
    struct Track: Sendable {
        let units: TrackUnits
        let muxed: MuxedTrack
        /// How it becomes AAC; `nil` for what goes into segments as it is.
        var grid: SoundGrid?
    }

    /// Clocks above are told in this one: muxers take no faster ones.
    private static let (fastest, usual): (UInt32, UInt32) = (1_000_000, 90_000)

    let video: Track?
    let sound: Track?
    let form: SegmentForm
    /// When the first picture is shown, in microseconds of the presentation: before 0 where no key picture stands at the beginning.
    let firstPicture: Int64?

    /// As a muxer is given them.
    var muxed: [MuxedTrack] { [video, sound].compactMap { $0?.muxed } }

    /// `makesFragments`: fragments of MP4 also for what goes into a transport stream.
    ///
    /// Throws `.nothingToPlay` with the reasons where nothing can be shown, others where the file cannot be read. Blocks.
    init(
        of movie: Movie, in bytes: any RandomAccessBytes, makesFragments: Bool = false
    ) throws(MovieError) {
        var reasons: [String] = []
        var video: (units: TrackUnits, first: Int64)?
        let isPictured = movie.tracks.contains { $0.handler == "vide" }
        for track in movie.tracks where track.handler == "vide" && video == nil && !movie.isSwitchedOff(track) {
            guard let units = try Self.units(track, from: 0, bytes, &reasons), !units.isSound else { continue }
            var cursor = units.cursor(over: units.range)
            guard let sample = cursor.next() else { continue }
            video = (units, units.microseconds(sample.compositionTime))
        }
        // Transport streams cannot tell that pictures are to be turned.
        let isFragmented = makesFragments || video?.units.format.codec == .h265 || video?.units.turn != nil
        form = isFragmented ? .fragments(hasVideo: video != nil) : .transportStream
        var sound: Track?
        // Pictures that cannot be shown are nothing that one would rather hear.
        if video != nil || !isPictured {
            for track in movie.tracks where track.handler == "soun" && sound == nil && !movie.isSwitchedOff(track) {
                guard let units = try Self.units(track, from: video?.first ?? 0, bytes, &reasons), units.isSound
                else { continue }
                do {
                    sound = try Self.track(sound: units, in: form)
                } catch {
                    reasons.append("track \(track.id): \(error)")
                }
            }
        }
        guard video != nil || sound != nil else {
            throw .nothingToPlay(
                reasons.isEmpty ? "there is no track of pictures or sound" : reasons.joined(separator: "; "))
        }
        firstPicture = video?.first
        self.video = video.map { Track(units: $0.units, muxed: Self.muxed(video: $0.units)) }
        self.sound = sound
    }

    /// `nil`, and a reason more, for a track that cannot be shown.
    private static func units(
        _ track: MovieTrack, from first: Int64, _ bytes: any RandomAccessBytes, _ reasons: inout [String]
    ) throws(MovieError) -> TrackUnits? {
        do {
            return try TrackUnits(track, from: first, in: bytes)
        } catch {
            switch error {
            case .unreadable, .changed, .notAtHand: throw error
            case .nothingToPlay(let reason): reasons.append("track \(track.id): \(reason)")
            default: reasons.append("track \(track.id): \(error)")
            }
            return nil
        }
    }

    private static func muxed(video units: TrackUnits) -> MuxedTrack {
        MuxedTrack(
            codec: units.format.codec, configuration: units.format.configuration,
            clockRate: Int(units.timescale <= fastest ? units.timescale : usual), dimensions: units.dimensions,
            matrix: units.turn?.matrix)
    }

    /// As it is where players take it so, else to become AAC; throws for what cannot. Its clock is that of what is heard, whatever the movie
    /// counts in.
    private static func track(sound units: TrackUnits, in form: SegmentForm) throws(LibAVError) -> Track {
        guard let sounding = units.sounding else {
            return Track(
                units: units,
                muxed: MuxedTrack(
                    codec: .aac, configuration: units.format.configuration,
                    clockRate: units.format.clockRate ?? Int(usual), channels: units.format.channels))
        }
        if form == .transportStream, !units.isEdited, let mpeg = sounding.mpeg, mpeg.isPlayedInTransportStreams {
            return Track(
                units: units,
                muxed: MuxedTrack(
                    codec: .mpegAudio, configuration: .none, clockRate: mpeg.sampleRate, channels: mpeg.channels))
        }
        let format = units.format
        let channels = sounding.mpeg?.channels ?? format.channels ?? (format.codec == .opus ? 2 : 1)
        let grid = try SoundGrid(from: format, sampleRate: sounding.sampleRate, channels: channels)
        return Track(units: units, muxed: grid.track, grid: grid)
    }
}

extension MPEGAudioHeader {
    /// MP3 of the usual rates; Chromium takes no other, and none at all in fragments of MP4.
    fileprivate var isPlayedInTransportStreams: Bool { layer == 3 && sampleRate >= 32_000 }
}
