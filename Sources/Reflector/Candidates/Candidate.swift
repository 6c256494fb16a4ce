import Media
import NIOCore
import RTP

/// One of several sources of a stream: what it published, and whether a viewer could begin with what it sends. Confined to the
/// stream's home loop.
final class Candidate {
    /// One that waits calmly takes what comes after so long without a key frame: it may have none. Cameras that save on key frames
    /// send one a minute.
    private static let calmPatience = TimeAmount.seconds(90)

    private struct Source {
        var tracks: [TrackDescription]
        var name: String
        var via: RelayChain
        /// Its first video track, or else its first.
        var lead: Int
        /// `nil` where any packet of the leading track will do.
        var gate: ResumptionGate?
        var hasShownStart = false

        init(_ tracks: [TrackDescription], name: String, via: RelayChain) {
            self.tracks = tracks
            self.name = name
            self.via = via
            lead = tracks.firstIndex { $0.kind == .video } ?? 0
            gate = ResumptionGate(tracks)
        }
    }

    private let air: StreamAir
    private var source: Source?
    private weak var publication: Publication?
    var permission = CandidatePermission.none {
        didSet {
            guard permission == .rescue, oldValue != .rescue, source?.hasShownStart == false else { return }
            // It was watched from anywhere in a group; its key frame may be near.
            source?.gate?.restart()
        }
    }
    var isWanted = false
    var changed: ((CandidateChange) -> Void)?

    init(_ air: StreamAir) {
        self.air = air
    }

    var hasAir: Bool { air.isHeld(by: self) }

    var hasShownStart: Bool { source?.hasShownStart ?? false }

    var lastArrival: NIODeadline? {
        guard let source, let publication else { return nil }
        return publication.statistics.lastArrivals[source.lead]
    }

    /// Told of the stream, where no other source has the air.
    func isDown(because reason: String) {
        air.core.sourceFailed(because: reason)
    }

    func publish(
        _ tracks: [TrackDescription], by name: String, via: RelayChain
    ) throws(StreamError) -> Publication {
        guard source == nil else { throw StreamError.alreadyPublished(air.core.path) }
        try air.core.check(tracks)
        source = Source(tracks, name: name, via: via)
        let publication = Publication(candidate: self, trackCount: tracks.count)
        self.publication = publication
        return publication
    }

    /// A packet of a source that does not have the air; the stream's own core where it has it from this packet on.
    func received(_ packet: RTPPacket, track: Int, at arrival: NIODeadline) -> StreamCore? {
        guard source != nil else { return nil }
        // One that has shown a key frame will show another.
        let isHasty = permission == .rescue && source?.gate?.hasShownKeyFrame != true
        let patience = isHasty ? ResumptionGate.patience : Self.calmPatience
        // In place: most packets that wait change nothing. Sound alone is no source where a picture is described.
        let opens =
            track == source?.lead
            && source?.gate?.opens(for: packet, track: track, at: arrival, within: patience) ?? true
        if opens { source?.hasShownStart = true }
        guard permission != .none, opens || isAnyPacketGood, let source else { return nil }
        guard air.taken(by: self, source.tracks, name: source.name, via: source.via) else { return nil }
        changed?(.tookAir)
        return air.core
    }

    /// Nobody holds pictures that a key frame would have to replace, and nobody else sends.
    private var isAnyPacketGood: Bool {
        permission == .rescue && air.isFree && !air.core.isWatched
    }

    /// Another one has the air now.
    func lostAir() {
        publication?.lostAir()
        if let source { self.source = Source(source.tracks, name: source.name, via: source.via) }
    }

    func publicationEnded() {
        guard source != nil else { return }
        source = nil
        publication = nil
        air.left(by: self)
        changed?(.ended)
    }
}

/// Who of several sources has the air of a stream. Confined to the stream's home loop.
final class StreamAir {
    let core: StreamCore
    private weak var holder: Candidate?

    init(_ core: StreamCore) {
        self.core = core
    }

    /// Gives the air to a candidate, whose next packet is the first that viewers get; `false` where the stream is over.
    func taken(by candidate: Candidate, _ tracks: [TrackDescription], name: String, via: RelayChain) -> Bool {
        let former = holder
        holder = nil
        former?.lostAir()
        core.publicationEnded()
        do {
            try core.begin(tracks, by: name, via: via)
        } catch {
            return false
        }
        // The candidate has waited for its key frame already.
        core.openGate()
        holder = candidate
        return true
    }

    var isFree: Bool { holder == nil }

    func isHeld(by candidate: Candidate) -> Bool { holder === candidate }

    func left(by candidate: Candidate) {
        guard holder === candidate else { return }
        holder = nil
        core.publicationEnded()
    }
}
