import Media
import NIOCore

/// Makes the payloads of any camera into ones that every viewer understands, packet by packet.
///
/// The usual packet passes as it is, a slice without copy. What it does beyond that, for H.264 and H.265:
/// - splits units at start codes inside them, in single units and in fragments as they stream by (I3–I5);
/// - makes a fragment that begins and ends into a whole unit (I6, I7), cuts padding of aggregates (I8);
/// - drops what the formats of viewers leave out (I13, I14, I16) and empty payloads (H16);
/// - fragments what is longer than `maximumPayloadSize` (G3, H12);
/// - learns parameter sets, and sends them before a random access picture that comes without (I10, I11);
/// - clears the marker of packets that end no picture (I2).
///
/// MJPEG is fragmented where it is too long (RFC 2435). AAC is freed of ADTS headers, and fragmented (`AACRepair`). All
/// else passes, however long.
///
/// Nothing is held back, so a camera that never sets the marker (I1), or sets it on a payload that is dropped,
/// keeps its access units without marker: their end is the change of the timestamp. Aggregates and fragments
/// are sent whatever packetization mode the SDP told (I9): the SDP for viewers has to say
/// `packetization-mode=1`. A stream with decoding order numbers (I15) keeps them, and gets no parameter sets
/// before its pictures, since no numbers are free for them.
package struct PayloadNormalizer: Sendable {
    /// What was out of the ordinary so far.
    package struct Counters: Sendable, Hashable {
        /// Payloads, or units in them, that were not sent on.
        package var dropped: UInt64 = 0
        /// Units found behind a start code.
        package var split: UInt64 = 0
        /// Units and fragments that were too long.
        package var fragmented: UInt64 = 0
        /// Random access pictures that parameter sets were put before.
        package var completed: UInt64 = 0

        package init() {}
    }

    package private(set) var counters = Counters()
    /// Out of the SDP, updated in-band; parameter sets of the SDP that cannot be read are left out.
    package private(set) var configuration: CodecConfiguration
    /// One more at each change in-band: each set that is new or other than the one of its id before.
    package private(set) var configurationChanges = 0

    let format: VideoPayloadFormat?
    let limit: Int
    private var parameterSets: ParameterSets?
    private var aac: AACRepair?
    private var accessUnit = AccessUnitProgress()
    var fragment: FragmentInFlight?
    /// The last payload of the packet at hand, which gets its marker; nothing between two packets.
    private var last: NormalizedPayload?

    package init(format: TrackFormat, kind: MediaKind, maximumPayloadSize: Int = 1440) {
        self.format = VideoPayloadFormat(format, kind: kind)
        limit = max(64, min(maximumPayloadSize, 65_000))
        configuration = format.configuration
        if case .nalUnits(let syntax) = self.format {
            let sets = ParameterSets(syntax: syntax, configuration: format.configuration, limit: limit)
            configuration = sets.configuration
            parameterSets = sets
        }
        if format.codec == .aac, AACHeaderLengths(format.parameters) == .highBitRate { aac = AACRepair(limit: limit) }
    }

    /// Takes one packet in order and calls `emit` for each payload to send on, with the packet's timestamp.
    package mutating func receive(_ packet: RTPPacket, emit: (NormalizedPayload) -> Void) {
        guard packet.payload.readableBytes > 0 else { return countDropped() }
        switch format {
        case .nalUnits(let syntax):
            accessUnit.received(timestamp: packet.timestamp)
            receive(packet, syntax: syntax, emit: emit)
        case .jpeg:
            receiveJPEG(packet.payload, emit: emit)
        case nil:
            switch aac?.repair(packet.payload, timestamp: packet.timestamp) ?? .untouched {
            case .untouched: last = NormalizedPayload(payload: packet.payload, marker: false, traits: [])
            case .repaired(let payloads): for payload in payloads { hand(payload, traits: [], emit: emit) }
            case .unusable: countDropped()
            }
        }
        guard var payload = last.take() else { return }
        payload.marker = packet.marker && !payload.traits.contains(.prefix)
        emit(payload)
    }

    /// Forgets the unit and the access unit in flight: for a new source, or behind a gap. Parameter sets stay.
    package mutating func reset() {
        fragment = nil
        accessUnit = AccessUnitProgress()
        aac?.reset()
    }
}

extension PayloadNormalizer {
    mutating func countDropped() { counters.dropped &+= 1 }
    mutating func countSplit() { counters.split &+= 1 }
    mutating func countFragmented() { counters.fragmented &+= 1 }

    mutating func hand(_ payload: ByteBuffer, traits: PayloadTraits, emit: (NormalizedPayload) -> Void) {
        if let last { emit(last) }
        last = NormalizedPayload(payload: payload, marker: false, traits: traits)
    }

    /// Takes a unit known whole, where it is a parameter set.
    mutating func learn(header: UInt16, body: UnsafeRawBufferPointer) {
        guard parameterSets?.learn(header: header, body: body) == true else { return }
        configuration = parameterSets?.configuration ?? configuration
        configurationChanges &+= 1
    }

    /// Notes what a payload about to be handed on has, and hands on parameter sets first where a random
    /// access picture has come to its first slice, or its recovery point, without them.
    mutating func prepare(
        for traits: PayloadTraits,
        kinds: ParameterSetKinds,
        emit: (NormalizedPayload) -> Void
    ) {
        accessUnit.kinds.formUnion(kinds)
        defer { if traits.contains(.picture) { accessUnit.hasPicture = true } }
        guard !traits.isDisjoint(with: [.startsRandomAccess, .recoveryPoint]), !accessUnit.hasPicture,
            let sets = parameterSets, !sets.syntax.hasDecodingOrder, !accessUnit.kinds.isSuperset(of: sets.kinds)
        else { return }
        accessUnit.kinds = sets.kinds
        counters.completed &+= 1
        for payload in sets.payloads { hand(payload, traits: [.prefix, .parameterSets], emit: emit) }
    }
}

/// What the access unit at hand has shown so far.
struct AccessUnitProgress: Sendable {
    private var timestamp: UInt32?
    var kinds: ParameterSetKinds = []
    /// A parameter set behind the first slice would begin the next picture.
    var hasPicture = false

    mutating func received(timestamp: UInt32) {
        guard self.timestamp != timestamp else { return }
        self = AccessUnitProgress()
        self.timestamp = timestamp
    }
}
