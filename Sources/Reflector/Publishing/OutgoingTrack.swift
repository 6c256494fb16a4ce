import Media
import NIOCore
import RTP

/// One track of a live stream: from the packets of the source to the packets of the viewers.
///
/// Lives as long as the stream keeps its SSRC, through any number of sources; confined to the home loop.
final class OutgoingTrack {
    /// Prefix packets wait here for the slice they belong to; a source that sends only prefixes costs no more.
    private static let heldPackets = 8
    private static let heldBytes = 16 * 1024
    /// Another format takes over when the one on the air was silent for so long, in seconds.
    private static let formatPatience = 2.0

    let index: Int
    let ssrc: UInt32
    private(set) var description: TrackDescription
    var clock: TrackClock?
    /// RTP packets and payload bytes sent since the stream began: what sender reports tell.
    private(set) var packetCount: UInt32 = 0
    private(set) var octetCount: UInt32 = 0
    private var continuity: TimelineContinuity
    private var normalizer: PayloadNormalizer
    private var held: [NormalizedPayload] = []
    private var heldByteCount = 0
    /// The last packet sent ended a picture: another one under the same timestamp is a new frame (K4).
    private var hasEndedPicture = false
    private var lastIncoming: UInt32?
    /// Timestamp of the access unit that opened the current group: its further slices open no other.
    private var groupTimestamp: UInt32?
    private var active: ActiveFormat?
    /// Grows with every change of the parameter sets.
    private(set) var configurationChanges: UInt64 = 0
    /// How many of the normalizer's changes are in `description`.
    private var knownChanges = 0
    private var recoveryPointIsNext = false
    /// Stream time of the last random access point, or of the source's first picture, in seconds.
    private var lastRandomAccess: Double?
    /// After so many seconds without a random access point a group begins with any picture: some encoders refresh the
    /// picture bit by bit and never say so (I17), and a viewer is better off with that than with nothing for ever.
    private let longestGroup: Double
    /// Payload bytes of the largest packet sent on.
    private let largestPayload: Int
    /// Where there is nothing that says what a random access point is: each access unit is one.
    private let groups: GroupRule
    /// Payload types of the present source, format by format; viewers keep seeing those of `description`.
    private var incomingPayloadTypes: [UInt8]

    /// The format that is on the air: a media may list several, each with its own SSRC and clock (C34, H7).
    private struct ActiveFormat {
        var incomingPayloadType: UInt8
        var payloadType: UInt8
        var ssrc: UInt32
        /// Stream time of its last packet, in seconds.
        var lastTime: Double
    }

    /// What makes a group of pictures on this track.
    enum GroupRule: Sendable {
        /// The payload's first bytes tell.
        case byPayload
        /// Nothing is known of the codec: wherever the timestamp changes.
        case byTimestamp
        /// Another track leads; this one starts anywhere.
        case none
    }

    init(
        index: Int, description: TrackDescription, ssrc: UInt32, groups: GroupRule, policy: StreamPolicy,
        firstSequenceNumber: UInt16, firstTimestamp: UInt32
    ) {
        self.index = index
        longestGroup = Double(policy.ringAge.nanoseconds) / 1e9
        largestPayload = max(policy.packetSize - RTPPacket.headerLength, 100)
        self.ssrc = ssrc
        self.description = description
        self.groups = groups
        clock = description.primary.clockRate.map { TrackClock(clockRate: $0) }
        continuity = TimelineContinuity(
            clockRate: description.primary.clockRate,
            firstSequenceNumber: firstSequenceNumber,
            firstTimestamp: firstTimestamp
        )
        normalizer = PayloadNormalizer(
            format: description.primary, kind: description.kind, maximumPayloadSize: largestPayload
        )
        incomingPayloadTypes = description.formats.map(\.payloadType)
    }

    /// The source is away; what it left unfinished is forgotten.
    func sourceEnded() {
        continuity.sourceEnded()
        normalizer.reset()
        clock?.sourceEnded()
        held = []
        heldByteCount = 0
        hasEndedPicture = false
        lastIncoming = nil
        active = nil
        recoveryPointIsNext = false
        lastRandomAccess = nil
    }

    /// A compatible source begins: its description counts from now on, but for the payload types, which viewers know already.
    func sourceBegan(_ description: TrackDescription) {
        let known = self.description.formats.map(\.payloadType)
        incomingPayloadTypes = description.formats.map(\.payloadType)
        self.description = description
        for index in self.description.formats.indices { self.description.formats[index].payloadType = known[index] }
        normalizer = PayloadNormalizer(
            format: description.primary, kind: description.kind, maximumPayloadSize: largestPayload
        )
        knownChanges = normalizer.configurationChanges
    }

    /// Turns a packet into what viewers get; `time` is stream time in seconds.
    /// `openGroup` is called before the first packet of a group goes into `builder`.
    func receive(
        _ packet: RTPPacket, time: Double, into builder: inout BurstBuilder,
        openGroup: (inout BurstBuilder) -> Void
    ) {
        guard let payloadType = outgoingPayloadType(of: packet, time: time),
            continuity.receive(packet, time: time) == .admitted
        else { return }
        let isSameTimestamp = packet.timestamp == lastIncoming
        lastIncoming = packet.timestamp
        if !isSameTimestamp { hasEndedPicture = false }
        clock?.received(continuity.timestamp, at: time * 1e9)
        normalizer.receive(packet) { payload in
            send(
                payload, payloadType: payloadType, isSameTimestamp: isSameTimestamp, time: time, into: &builder,
                openGroup: openGroup
            )
        }
        if normalizer.configurationChanges != knownChanges { learnConfiguration() }
    }

    /// Parameter sets came in-band: whoever asks from now on is told (I10).
    private func learnConfiguration() {
        knownChanges = normalizer.configurationChanges
        configurationChanges += 1
        guard normalizer.configuration != .none,
            let format = description.formats.firstIndex(where: { $0.payloadType == active?.payloadType })
        else { return }
        description.formats[format].configuration = normalizer.configuration
    }

    /// A sender report of the source: its wall clock relates the tracks to each other.
    func receive(_ report: SenderReport) {
        guard let timestamp = continuity.outgoing(report.rtpTimestamp) else { return }
        clock?.senderReported(timestamp, at: Double(report.ntp.unixNanoseconds))
    }

    /// The timestamp of the newest packet sent.
    var timestamp: UInt32 { continuity.timestamp }

    /// The first of the video tracks.
    private var leadsPictures: Bool {
        switch groups {
        case .byPayload, .byTimestamp: description.kind == .video
        case .none: false
        }
    }

    var hasSent: Bool { packetCount > 0 }

    /// It has sent, it has a clock, and no sender report has told of it yet.
    var awaitsFirstReport: Bool { hasSent && clock?.isTold == false }

    /// `nil` for a packet of a format that is not on the air.
    private func outgoingPayloadType(of packet: RTPPacket, time: Double) -> UInt8? {
        if let known = active, known.incomingPayloadType == packet.payloadType {
            active?.ssrc = packet.ssrc
            active?.lastTime = time
            return known.payloadType
        }
        guard let index = incomingPayloadTypes.firstIndex(of: packet.payloadType) else { return nil }
        let payloadType = description.formats[index].payloadType
        if let known = active, time - known.lastTime < Self.formatPatience {
            return known.ssrc == packet.ssrc ? payloadType : nil
        }
        if active != nil || index != 0 {
            normalizer = PayloadNormalizer(
                format: description.formats[index], kind: description.kind, maximumPayloadSize: largestPayload
            )
            knownChanges = normalizer.configurationChanges
        }
        active = ActiveFormat(
            incomingPayloadType: packet.payloadType, payloadType: payloadType, ssrc: packet.ssrc, lastTime: time
        )
        return payloadType
    }

    private func send(
        _ payload: NormalizedPayload, payloadType: UInt8, isSameTimestamp: Bool, time: Double,
        into builder: inout BurstBuilder, openGroup: (inout BurstBuilder) -> Void
    ) {
        let traits = payload.traits
        if traits.contains(.recoveryPoint) { recoveryPointIsNext = true }
        let isPrefix = traits.contains(.prefix)
        if isPrefix, held.count < Self.heldPackets, heldByteCount + payload.payload.readableBytes <= Self.heldBytes {
            held.append(payload)
            heldByteCount += payload.payload.readableBytes
            return
        }
        if traits.contains(.startsPicture), isSameTimestamp, hasEndedPicture { continuity.separateFrame() }
        let opens = opensGroup(traits, time: time)
        if opens {
            groupTimestamp = continuity.timestamp
            openGroup(&builder)
        }
        if traits.contains(.picture) { recoveryPointIsNext = false }
        releaseHeld(payloadType: payloadType, into: &builder, startsGroup: opens)
        append(payload, payloadType: payloadType, into: &builder, startsGroup: opens)
        hasEndedPicture = payload.marker && traits.contains(.picture)
    }

    private func opensGroup(_ traits: PayloadTraits, time: Double) -> Bool {
        switch groups {
        case .none: return false
        case .byTimestamp: return groupTimestamp != continuity.timestamp
        case .byPayload:
            guard traits.contains(.startsPicture), groupTimestamp != continuity.timestamp else { return false }
            if traits.contains(.startsRandomAccess) || recoveryPointIsNext {
                lastRandomAccess = time
                return true
            }
            let last = lastRandomAccess ?? time
            lastRandomAccess = last
            return time - last > longestGroup
        }
    }

    private func releaseHeld(payloadType: UInt8, into builder: inout BurstBuilder, startsGroup: Bool) {
        guard !held.isEmpty else { return }
        for payload in held { append(payload, payloadType: payloadType, into: &builder, startsGroup: startsGroup) }
        held.removeAll(keepingCapacity: true)
        heldByteCount = 0
    }

    private func append(
        _ payload: NormalizedPayload, payloadType: UInt8, into builder: inout BurstBuilder, startsGroup: Bool
    ) {
        packetCount &+= 1
        octetCount &+= UInt32(truncatingIfNeeded: payload.payload.readableBytes)
        builder.append(
            payload: payload.payload,
            header: OutgoingHeader(
                marker: payload.marker, payloadType: payloadType, sequenceNumber: continuity.nextSequenceNumber(),
                timestamp: continuity.timestamp, ssrc: ssrc
            ),
            track: index,
            isPicture: leadsPictures,
            startsGroup: startsGroup
        )
    }
}

extension OutgoingTrack {
    /// The tracks of a new life of the stream: random SSRCs, sequence numbers and timestamps (RFC 3550 §5.1).
    /// The first video track leads; where there is none, a viewer can start with any packet.
    static func tracks(
        of descriptions: [TrackDescription], policy: StreamPolicy, random: () -> UInt32
    ) -> [OutgoingTrack] {
        let leader = descriptions.firstIndex { $0.kind == .video } ?? 0
        var ssrcs: Set<UInt32> = []
        return descriptions.enumerated().map { index, description in
            var ssrc = random()
            while !ssrcs.insert(ssrc).inserted { ssrc &+= 1 }
            return OutgoingTrack(
                index: index, description: description, ssrc: ssrc,
                groups: index == leader ? GroupRule(leading: description) : .none, policy: policy,
                firstSequenceNumber: UInt16(truncatingIfNeeded: random()), firstTimestamp: random()
            )
        }
    }
}

extension OutgoingTrack.GroupRule {
    fileprivate init(leading description: TrackDescription) {
        switch description.primary.codec {
        case .h264, .h265, .mjpeg: self = .byPayload
        case .aac, .pcmu, .pcma, .opus, .other: self = .byTimestamp
        }
    }
}
