import LibAV
import Logging
import Media
import NIOCore
import Reflector

/// The tracks of a stream that are shown, with sound made into AAC where it is something else. Broken sound is left out and never stops
/// video. Confined to who holds it.
struct ChosenTracks: ~Copyable {
    private let works: StreamWorks
    private let logger: Logger
    private(set) var selection: TrackSelection?
    /// What sound is muxed as; `nil` where there is none that can be.
    private(set) var soundTrack: MuxedTrack?
    private var transcoder: (any SoundTranscoder)?
    /// Errors of libav were told, once for each life of a muxer.
    private var hasToldError = false

    init(works: StreamWorks, logger: Logger) {
        self.works = works
        self.logger = logger
    }

    /// The clocks of what is shown.
    var clocks: SegmentClocks {
        SegmentClocks(video: selection?.video?.track.clockRate, sound: soundTrack?.clockRate)
    }

    /// What is muxed, in the order of the muxer's tracks.
    func muxed(withSound: Bool) -> [MuxedTrack] {
        [selection?.video?.track, withSound || selection?.video == nil ? soundTrack : nil].compactMap { $0 }
    }

    /// What follows is of these tracks.
    mutating func choose(_ chosen: TrackSelection?) {
        selection = chosen
        soundTrack = chosen?.sound?.track
        transcoder = nil
        restartSound()
    }

    /// The timeline was broken: what is held back of sound belongs to before.
    mutating func restartSound() {
        if let sound = selection?.sound, sound.track == nil { beginTranscoding(sound) }
    }

    /// A unit of the stream as what is muxed of it: none where it is of no track that is shown, several where sound comes in other frames.
    mutating func units(of unit: AccessUnit) -> (role: SegmentRole, units: [AccessUnit])? {
        guard let selection else { return nil }
        if unit.track == selection.video?.index { return (.video, [unit]) }
        guard unit.track == selection.sound?.index, soundTrack != nil else { return nil }
        guard let transcoder else { return (.sound, [unit]) }
        do {
            return (.sound, try transcoder.transcode(unit))
        } catch {
            tell("sound could not be transcoded", error)
            return nil
        }
    }

    private mutating func beginTranscoding(_ sound: TrackSelection.Sound) {
        do {
            let transcoder = try works.transcoder(sound.format)
            self.transcoder = transcoder
            soundTrack = transcoder.track
        } catch {
            tell("sound is left out, it cannot be transcoded", error)
            transcoder = nil
            soundTrack = nil
        }
    }

    /// A muxer begins its life.
    mutating func muxerBegan() { hasToldError = false }

    /// What libav did not take.
    mutating func tell(_ message: Logger.Message, _ error: any Error) {
        guard !hasToldError else { return }
        hasToldError = true
        logger.warning(message, metadata: ["error": "\(error)"])
    }
}
