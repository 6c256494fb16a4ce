import LibAV
import Logging
import Media
import NIOCore
import Reflector

/// Makes the fragments of a stream out of its events: chooses tracks, transcodes sound, muxes. Confined to who holds it.
struct LiveMaking: ~Copyable {
    private let wanted: LiveTracks
    private let works: StreamWorks
    private let logger: Logger
    private var tracks: ChosenTracks
    private var cutter = FragmentCutter()
    private var muxer: (any SegmentMuxer)?
    /// A picture was refused: what refers to it is not shown, up to the next key frame.
    private var isBroken = false
    private var made: [LiveEvent] = []
    /// Why nothing can be shown.
    private(set) var refusal: String?

    init(_ wanted: LiveTracks, works: StreamWorks, logger: Logger) {
        self.wanted = wanted
        self.works = works
        self.logger = logger
        tracks = ChosenTracks(works: works, logger: logger)
    }

    /// What comes of it, at once.
    mutating func received(_ event: AccessUnitFeed.Event) -> [LiveEvent] {
        switch event {
        case .tracks(let described): chose(wanted.of(TrackSelection.of(described)))
        case .units(let units):
            for unit in units { received(unit) }
        case .discontinuity, .ended: timelineBroke()
        }
        defer { made = [] }
        return made
    }

    /// What comes next does not go on from the last unit.
    mutating func timelineBroke() {
        cutter.timelineBroke()
        tracks.restartSound()
    }

    private mutating func chose(_ outcome: TrackSelection.Outcome) {
        var chosen: TrackSelection?
        switch outcome {
        case .chosen(let selection): chosen = selection
        case .incomplete: break
        case .unsupported(let reason): refusal = reason
        }
        guard chosen != tracks.selection else { return }
        tracks.choose(chosen)
        if chosen != nil { refusal = nil }
        muxer = nil
        let video = chosen?.video
        cutter.tracksChanged(
            tracks.clocks, frameRate: video?.track.configuration.frameRate ?? video?.declaredFrameRate)
    }

    private mutating func received(_ unit: AccessUnit) {
        guard let (role, units) = tracks.units(of: unit) else { return }
        for unit in units {
            for action in cutter.unitArrived(unit, role) { perform(action) }
        }
    }

    private mutating func perform(_ action: FragmentCutter.Action) {
        switch action {
        case .open(let withSound): open(withSound: withSound)
        case .write(let unit, let role, let duration): write(unit, role, duration)
        case .cut(let startsGroup):
            guard let bytes = cut(), bytes.readableBytes > 0, !isBroken else { return }
            made.append(.fragment(LiveFragment(bytes: bytes, startsGroup: startsGroup)))
        }
    }

    private mutating func open(withSound: Bool) {
        let muxed = tracks.muxed(withSound: withSound)
        let video = tracks.selection?.video
        tracks.muxerBegan()
        do {
            let muxer = try works.muxer(.fragments(hasVideo: video != nil), muxed)
            self.muxer = muxer
            refusal = nil
            let names = muxed.compactMap(works.codecName)
            let codecs = names.count == muxed.count ? "; codecs=\"\(names.joined(separator: ","))\"" : ""
            made.append(
                .opened(
                    LiveOpening(
                        mediaType: (video == nil ? "audio/mp4" : "video/mp4") + codecs, pictures: video?.track.codec,
                        dimensions: video?.track.dimensions,
                        initialization: muxer.initializationSection ?? ByteBuffer())))
        } catch {
            muxer = nil
            refusal = "fragments cannot be made of this stream: \(error)"
            logger.error("live fragments cannot be made", metadata: ["error": "\(error)"])
        }
    }

    private mutating func write(_ unit: AccessUnit, _ role: SegmentRole, _ duration: Int64) {
        guard let muxer else { return }
        let hasVideo = tracks.selection?.video != nil
        var unit = unit
        unit.track = role == .sound && hasVideo ? 1 : 0
        do {
            try muxer.write(unit, duration: duration)
            if unit.isRandomAccess, role == .video { isBroken = false }
        } catch {
            if role == .video { isBroken = true }
            tracks.tell("a unit was left out, it could not be muxed", error)
        }
    }

    private mutating func cut() -> ByteBuffer? {
        do {
            // A muxer leaves room behind what it writes, many times as much as a small picture takes.
            return try muxer.map { ByteBuffer(bytes: try $0.cut().readableBytesView) }
        } catch {
            isBroken = true
            tracks.tell("a fragment was left out, it could not be muxed", error)
            return nil
        }
    }
}
