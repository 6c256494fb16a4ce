import Logging
import LibAV
import Media
import NIOCore
import Reflector

/// Makes the segments of a stream out of its events: chooses tracks, transcodes sound, muxes, and hands what comes of it to the store.
/// Broken sound is left out and never stops video. Confined to who holds it.
struct SegmentMaking: ~Copyable {
    private let configuration: HLSConfiguration
    private let works: StreamWorks
    private let logger: Logger
    private var segmenter: Segmenter
    private(set) var store: SegmentStore
    private var tracks: ChosenTracks
    private var muxer: (any SegmentMuxer)?
    /// What is in the segments now, by the codecs' names.
    private(set) var codecs: [String]?
    /// How long a picture lasts.
    private(set) var interval: TimeAmount?
    /// Why nothing can be shown.
    private(set) var refusal: String?
    var selection: TrackSelection? { tracks.selection }

    init(configuration: HLSConfiguration, works: StreamWorks, store: SegmentStore, logger: Logger) {
        self.configuration = configuration
        self.works = works
        self.logger = logger
        self.store = store
        tracks = ChosenTracks(works: works, logger: logger)
        segmenter = Segmenter(
            Segmenter.Rules(
                segmentDuration: configuration.segmentDuration, partDuration: configuration.partDuration,
                mostBytes: max(configuration.memory / 4, 1), longestAtFirst: configuration.longestAtFirst))
    }

    mutating func received(_ event: AccessUnitFeed.Event, at now: NIODeadline) {
        switch event {
        case .tracks(let tracks): chose(TrackSelection.of(tracks), at: now)
        case .units(let units):
            for unit in units { received(unit, at: now) }
        case .discontinuity, .ended: timelineBroke(at: now)
        }
    }

    /// What comes next does not go on from the last unit.
    mutating func timelineBroke(at now: NIODeadline) {
        perform(segmenter.timelineBroke(), at: now)
        tracks.restartSound()
    }

    mutating func timePassed(at now: NIODeadline) {
        store.timePassed(at: now)
    }

    private mutating func chose(_ outcome: TrackSelection.Outcome, at now: NIODeadline) {
        var chosen: TrackSelection?
        switch outcome {
        case .chosen(let selection): chosen = selection
        case .incomplete: break
        case .unsupported(let reason): refusal = reason
        }
        guard chosen != selection else { return }
        // What is under way is still of the old tracks.
        perform(segmenter.timelineBroke(), at: now)
        tracks.choose(chosen)
        if chosen != nil { refusal = nil }
        perform(segmenter.tracksChanged(tracks.clocks), at: now)
    }

    // MARK: Units

    private mutating func received(_ unit: AccessUnit, at now: NIODeadline) {
        guard let (role, units) = tracks.units(of: unit) else { return }
        for unit in units { perform(segmenter.unitArrived(unit, role), at: now) }
    }

    // MARK: Actions

    private mutating func perform(_ actions: [Segmenter.Action], at now: NIODeadline) {
        for action in actions {
            switch action {
            case .open(let withSound, let partTarget): open(withSound: withSound, partTarget: partTarget)
            case .beginSegment(let wallClock, let isDiscontinuity, let isIndependent):
                guard muxer != nil else { continue }
                store.segmentBegan(
                    wallClock: wallClock, isDiscontinuity: isDiscontinuity, isIndependent: isIndependent, at: now)
            case .write(let unit, let role, let duration): write(unit, role, duration)
            case .endPart(let duration, let isIndependent):
                guard let bytes = cut() else { continue }
                store.partEnded(bytes, duration: duration, isIndependent: isIndependent)
            case .endSegment(let end):
                guard muxer != nil else { continue }
                let bytes = store.isMakingParts ? nil : cut()
                store.segmentEnded(bytes, duration: end.duration, longestGroup: end.longestGroup, at: now)
                segmenter.untellable = store.untellable
                interval = end.interval
            }
        }
    }

    private mutating func open(withSound: Bool, partTarget: TimeAmount?) {
        let muxed = tracks.muxed(withSound: withSound)
        let form = form
        tracks.muxerBegan()
        do {
            let muxer = try works.muxer(form, muxed)
            self.muxer = muxer
            refusal = nil
            let names = muxed.map(works.codecName)
            codecs = names.contains(nil) ? nil : names.compactMap { $0 }
            store.opened(form, initialization: muxer.initializationSection, partTarget: partTarget)
        } catch {
            muxer = nil
            refusal = "segments cannot be made of this stream: \(error)"
            logger.error("segments cannot be made", metadata: ["error": "\(error)"])
        }
    }

    private var form: SegmentForm {
        let isFragmented =
            configuration.partDuration != nil || configuration.container == .fmp4
            || selection?.video?.track.codec == .h265
        return isFragmented ? .fragments(hasVideo: selection?.video != nil) : .transportStream
    }

    private mutating func write(_ unit: AccessUnit, _ role: SegmentRole, _ duration: Int64) {
        guard let muxer else { return }
        var unit = unit
        unit.track = role == .sound && selection?.video != nil ? 1 : 0
        do {
            try muxer.write(unit, duration: duration)
        } catch {
            tracks.tell("a unit was left out, it could not be muxed", error)
        }
    }

    private mutating func cut() -> ByteBuffer? {
        do {
            return try muxer?.cut()
        } catch {
            tracks.tell("a segment was left out, it could not be muxed", error)
            return nil
        }
    }
}
