import Media
import NIOCore
import RTP

/// The packets of one track as viewers get them: their numbers, their timestamps, and where groups of pictures begin.
struct OutgoingPackets {
    /// Prefix packets wait here for the slice they belong to; a source that sends only prefixes costs no more.
    private static let heldPackets = 8
    private static let heldBytes = 16 * 1024

    /// What makes a group of pictures on this track.
    enum GroupRule: Sendable {
        /// The payload's first bytes tell.
        case byPayload
        /// Nothing is known of the codec: wherever the timestamp changes.
        case byTimestamp
        /// Another track leads; this one starts anywhere.
        case none
    }

    /// The packet of the source that payloads are made of.
    struct Origin {
        /// The one that viewers know.
        var payloadType: UInt8
        /// Stream time in seconds.
        var time: Double
        var arrival: NIODeadline
    }

    let index: Int
    let ssrc: UInt32
    /// Where there is nothing that says what a random access point is: each access unit is one.
    private let groups: GroupRule
    /// It is the first of the video tracks.
    private let leadsPictures: Bool
    /// After so many seconds without a random access point a group begins with any picture: some encoders refresh the
    /// picture bit by bit and never say so (I17), and a viewer is better off with that than with nothing for ever.
    private let longestGroup: Double
    private var continuity: TimelineContinuity
    /// `nil` where nobody knows the clock.
    private(set) var pace: TrackPace?
    /// The timestamp of the newest packet admitted, and of all that is made of it.
    private(set) var timestamp: UInt32
    private(set) var packetCount: UInt32 = 0
    /// Payload bytes.
    private(set) var octetCount: UInt32 = 0
    /// Timestamps, and frames that share one (K4).
    private(set) var frameCount: UInt32 = 0
    private var held: [NormalizedPayload] = []
    private var heldByteCount = 0
    /// The last packet sent ended a picture: another one under the same timestamp is a new frame (K4).
    private var hasEndedPicture = false
    private var lastIncoming: UInt32?
    /// The packet at hand has the timestamp of the one before.
    private var isSameTimestamp = false
    /// Timestamp of the access unit that opened the current group: its further slices open no other.
    private var groupTimestamp: UInt32?
    private var recoveryPointIsNext = false
    /// Stream time of the last random access point, or of the source's first picture, in seconds.
    private var lastRandomAccess: Double?

    init(
        index: Int, ssrc: UInt32, groups: GroupRule, kind: MediaKind, longestGroup: Double,
        continuity: TimelineContinuity, pace: TrackPace?
    ) {
        self.index = index
        self.ssrc = ssrc
        self.groups = groups
        self.longestGroup = longestGroup
        self.continuity = continuity
        self.pace = pace
        timestamp = continuity.timestamp
        leadsPictures =
            switch groups {
            case .byPayload, .byTimestamp: kind == .video
            case .none: false
            }
    }

    /// It makes the groups.
    var leads: Bool {
        switch groups {
        case .byPayload, .byTimestamp: true
        case .none: false
        }
    }

    mutating func sourceEnded() {
        continuity.sourceEnded()
        pace?.sourceEnded()
        held = []
        heldByteCount = 0
        hasEndedPicture = false
        lastIncoming = nil
        recoveryPointIsNext = false
        lastRandomAccess = nil
    }

    /// What becomes of a packet of the source.
    enum Admission {
        case admitted
        /// It goes on, and from it on the timestamps of the track are brought to the clock.
        case admittedAtNewPace
        /// It was seen already.
        case duplicate
    }

    /// Whether a packet of the source goes on; what it becomes is sent next. `time` is stream time in seconds. `isMeasured`: its
    /// timestamps tell whether the track keeps time.
    mutating func admit(_ packet: RTPPacket, time: Double, isMeasured: Bool) -> Admission {
        guard continuity.receive(packet, time: time) == .admitted else { return .duplicate }
        isSameTimestamp = packet.timestamp == lastIncoming
        lastIncoming = packet.timestamp
        var isNewPace = false
        if !isSameTimestamp {
            hasEndedPicture = false
            frameCount &+= 1
            if isMeasured { isNewPace = pace?.received(continuity.timestamp, at: time) ?? false }
        }
        timestamp = paced(continuity.timestamp)
        return isNewPace ? .admittedAtNewPace : .admitted
    }

    private func paced(_ timestamp: UInt32) -> UInt32 { pace?.outgoing(timestamp) ?? timestamp }

    /// The viewers' timestamp of a source timestamp, `nil` while the source is out of line.
    func outgoing(_ incoming: UInt32) -> UInt32? { continuity.outgoing(incoming).map(paced) }

    /// The track is so many seconds behind the others.
    mutating func catchUp(_ seconds: Double) { pace?.catchUp(seconds) }

    mutating func findingTold() { pace?.findingTold() }

    /// Puts a payload into `builder`, or holds it until its slice comes. Where it begins a group, what was in `builder` is set aside:
    /// a group begins a burst of its own, so that the ring and every viewer that skipped can start right there.
    mutating func send(_ payload: NormalizedPayload, from origin: Origin, into builder: inout BurstBuilder) {
        let traits = payload.traits
        if traits.contains(.recoveryPoint) { recoveryPointIsNext = true }
        let isPrefix = traits.contains(.prefix)
        if isPrefix, held.count < Self.heldPackets, heldByteCount + payload.payload.readableBytes <= Self.heldBytes {
            held.append(payload)
            heldByteCount += payload.payload.readableBytes
            return
        }
        if traits.contains(.startsPicture), isSameTimestamp, hasEndedPicture { separateFrame() }
        let opens = opensGroup(traits, time: origin.time)
        if opens {
            groupTimestamp = timestamp
            builder.finish(at: origin.arrival)
        }
        if traits.contains(.picture) { recoveryPointIsNext = false }
        if !held.isEmpty { releaseHeld(from: origin, into: &builder, startsGroup: opens) }
        append(payload, from: origin, into: &builder, startsGroup: opens)
        hasEndedPicture = payload.marker && traits.contains(.picture)
    }

    private mutating func separateFrame() {
        continuity.separateFrame()
        frameCount &+= 1
        pace?.separateFrame()
        timestamp = paced(continuity.timestamp)
    }

    private mutating func opensGroup(_ traits: PayloadTraits, time: Double) -> Bool {
        switch groups {
        case .none: return false
        case .byTimestamp: return groupTimestamp != timestamp
        case .byPayload:
            guard traits.contains(.startsPicture), groupTimestamp != timestamp else { return false }
            if traits.contains(.startsRandomAccess) || recoveryPointIsNext {
                lastRandomAccess = time
                return true
            }
            let last = lastRandomAccess ?? time
            lastRandomAccess = last
            return time - last > longestGroup
        }
    }

    private mutating func releaseHeld(from origin: Origin, into builder: inout BurstBuilder, startsGroup: Bool) {
        for payload in held { append(payload, from: origin, into: &builder, startsGroup: startsGroup) }
        held.removeAll(keepingCapacity: true)
        heldByteCount = 0
    }

    private mutating func append(
        _ payload: NormalizedPayload, from origin: Origin, into builder: inout BurstBuilder, startsGroup: Bool
    ) {
        packetCount &+= 1
        octetCount &+= UInt32(truncatingIfNeeded: payload.payload.readableBytes)
        builder.append(
            payload: payload.payload,
            header: OutgoingHeader(
                marker: payload.marker, payloadType: origin.payloadType,
                sequenceNumber: continuity.nextSequenceNumber(), timestamp: timestamp, ssrc: ssrc
            ),
            track: index,
            isPicture: leadsPictures,
            startsGroup: startsGroup
        )
    }
}
