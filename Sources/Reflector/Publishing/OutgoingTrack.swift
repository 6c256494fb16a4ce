import Media
import NIOCore
import RTP

/// One track of a live stream: from the packets of the source to the packets of the viewers.
///
/// Lives as long as the stream keeps its SSRC, through any number of sources. A value, so that a packet costs its owner one access.
struct OutgoingTrack {
    /// Another format takes over when the one on the air was silent for so long, in seconds.
    private static let formatPatience = 2.0

    private(set) var description: TrackDescription
    var clock: TrackClock?
    private var normalizer: PayloadNormalizer
    private var packets: OutgoingPackets
    private var active: ActiveFormat?
    /// Where the frames of its packets can be counted.
    private var counted: CountedTimestamps?
    /// That they are counted was told.
    private var countingIsTold = false
    /// Grows with every change of the parameter sets.
    private(set) var configurationChanges: UInt64 = 0
    /// How many of the normalizer's changes are in `description`.
    private var knownChanges = 0
    /// Payload bytes of the largest packet sent on.
    private let largestPayload: Int
    /// Payload types of the present source, format by format; viewers keep seeing those of `description`.
    private var incomingPayloadTypes: [UInt8]

    /// The format that is on the air: a media may list several, each with its own SSRC and clock (C34, H7).
    private struct ActiveFormat {
        var incomingPayloadType: UInt8
        var payloadType: UInt8
        /// Its timestamps run on the track's clock.
        var isMeasured: Bool
        var ssrc: UInt32
        /// Stream time of its last packet, in seconds.
        var lastTime: Double
    }

    init(
        index: Int, description: TrackDescription, ssrc: UInt32, groups: OutgoingPackets.GroupRule,
        policy: StreamPolicy,
        firstSequenceNumber: UInt16, firstTimestamp: UInt32
    ) {
        largestPayload = max(policy.packetSize - RTPPacket.headerLength, 100)
        self.description = description
        clock = description.primary.clockRate.map { TrackClock(clockRate: $0) }
        packets = OutgoingPackets(
            index: index, ssrc: ssrc, groups: groups, kind: description.kind,
            longestGroup: Double(policy.ringAge.nanoseconds) / 1e9,
            continuity: TimelineContinuity(
                clockRate: description.primary.clockRate,
                firstSequenceNumber: firstSequenceNumber,
                firstTimestamp: firstTimestamp
            ),
            pace: description.keepsTime ? description.primary.clockRate.map { TrackPace(clockRate: $0) } : nil
        )
        counted = CountedTimestamps(description.primary)
        normalizer = PayloadNormalizer(
            format: description.primary, kind: description.kind, maximumPayloadSize: largestPayload
        )
        incomingPayloadTypes = description.formats.map(\.payloadType)
    }

    /// The source is away; what it left unfinished is forgotten.
    mutating func sourceEnded() {
        packets.sourceEnded()
        normalizer.reset()
        clock?.sourceEnded()
        counted?.sourceEnded()
        active = nil
    }

    /// A compatible source begins: its description counts from now on, but for the payload types, which viewers know already.
    mutating func sourceBegan(_ description: TrackDescription) {
        let known = self.description.formats.map(\.payloadType)
        incomingPayloadTypes = description.formats.map(\.payloadType)
        self.description = description
        for index in self.description.formats.indices { self.description.formats[index].payloadType = known[index] }
        normalizer = PayloadNormalizer(
            format: description.primary, kind: description.kind, maximumPayloadSize: largestPayload
        )
        knownChanges = normalizer.configurationChanges
    }

    /// Turns a packet that came at `arrival` into what viewers get; `time` is stream time in seconds.
    mutating func receive(
        _ packet: RTPPacket, time: Double, at arrival: NIODeadline, into builder: inout BurstBuilder
    ) {
        guard let payloadType = outgoingPayloadType(of: packet, time: time) else { return }
        if let timestamp = counted?.timestamp(of: packet, at: time), timestamp != packet.timestamp {
            var packet = packet
            packet.timestamp = timestamp
            send(packet, as: payloadType, time: time, at: arrival, into: &builder)
        } else {
            send(packet, as: payloadType, time: time, at: arrival, into: &builder)
        }
    }

    private mutating func send(
        _ packet: RTPPacket, as payloadType: UInt8, time: Double, at arrival: NIODeadline,
        into builder: inout BurstBuilder
    ) {
        switch packets.admit(packet, time: time, isMeasured: active?.isMeasured == true) {
        case .admitted: break
        case .admittedAtNewPace: packets.catchUp(clock?.lag(of: packets.timestamp) ?? 0)
        case .duplicate: return
        }
        clock?.received(packets.timestamp, at: time * 1e9)
        let origin = OutgoingPackets.Origin(payloadType: payloadType, time: time, arrival: arrival)
        normalizer.receive(packet) { payload in packets.send(payload, from: origin, into: &builder) }
        if normalizer.configurationChanges != knownChanges { learnConfiguration() }
    }

    /// Parameter sets came in-band: whoever asks from now on is told (I10).
    private mutating func learnConfiguration() {
        knownChanges = normalizer.configurationChanges
        configurationChanges += 1
        guard normalizer.configuration != .none,
            let format = description.formats.firstIndex(where: { $0.payloadType == active?.payloadType })
        else { return }
        description.formats[format].configuration = normalizer.configuration
    }

    /// A sender report of the source: its wall clock relates the tracks to each other.
    mutating func receive(_ report: SenderReport) {
        // It speaks of timestamps that nobody sees where frames are counted.
        guard counted?.isCounting != true, let timestamp = packets.outgoing(report.rtpTimestamp) else { return }
        clock?.senderReported(timestamp, at: Double(report.ntp.unixNanoseconds))
    }

    var index: Int { packets.index }

    var ssrc: UInt32 { packets.ssrc }

    /// The timestamp of the newest packet sent.
    var timestamp: UInt32 { packets.timestamp }

    /// RTP packets and payload bytes sent since the stream began: what sender reports tell.
    var packetCount: UInt32 { packets.packetCount }

    var octetCount: UInt32 { packets.octetCount }

    /// Frames since the stream began, wrapping.
    var frameCount: UInt32 { packets.frameCount }

    /// Its random access points make the groups.
    var leads: Bool { packets.leads }

    var hasSent: Bool { packetCount > 0 }

    /// It has sent, it has a clock, and no sender report has told of it yet.
    var awaitsFirstReport: Bool { hasSent && clock?.isTold == false }

    /// `nil` for a packet of a format that is not on the air.
    private mutating func outgoingPayloadType(of packet: RTPPacket, time: Double) -> UInt8? {
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
            counted = CountedTimestamps(description.formats[index])
        }
        active = ActiveFormat(
            incomingPayloadType: packet.payloadType, payloadType: payloadType,
            isMeasured: description.formats[index].clockRate == description.primary.clockRate, ssrc: packet.ssrc,
            lastTime: time
        )
        return payloadType
    }
}

extension OutgoingTrack {
    /// What is wrong with the timestamps of its source.
    enum Finding: Sendable, Hashable {
        /// They run at another rate than the clock.
        case pace(TrackPace.Finding)
        /// They do not fit the frames, and are made anew from their number.
        case counted
    }

    /// What there is to tell, each once; `nil` where there is nothing.
    mutating func takeFinding() -> Finding? {
        if let finding = packets.pace?.finding {
            packets.findingTold()
            return .pace(finding)
        }
        guard counted?.isCounting == true, !countingIsTold else { return nil }
        countingIsTold = true
        return .counted
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
                groups: index == leader ? OutgoingPackets.GroupRule(leading: description) : .none, policy: policy,
                firstSequenceNumber: UInt16(truncatingIfNeeded: random()), firstTimestamp: random()
            )
        }
    }
}

extension TrackDescription {
    /// Events come when something happens, with whatever time they have.
    fileprivate var keepsTime: Bool { kind == .video || kind == .audio }
}

extension OutgoingPackets.GroupRule {
    fileprivate init(leading description: TrackDescription) {
        switch description.primary.codec {
        case .h264, .h265, .mjpeg: self = .byPayload
        case .aac, .pcmu, .pcma, .opus, .other: self = .byTimestamp
        }
    }
}
