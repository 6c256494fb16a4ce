import Media
import RTSP

/// One track of a session: where its packets come in, and what became of them.
struct SessionTrack {
    /// The interleaved channel of its RTP; `nil` over UDP.
    let channel: UInt8?
    /// `nil` over TCP.
    let ports: DatagramPair?
    /// The track whose times are told: the first video track, or the first of all.
    let isLead: Bool
    private(set) var continuity = SequenceContinuity()
    private(set) var jitter = InterarrivalJitter()

    private let formats: [TrackFormat]
    private var payloadType: UInt8
    private var clockRate: Int
    private var probe: RandomAccessProbe
    private var hasRandomAccess = false

    init(_ track: PlayClientTrack, ports: DatagramPair?, isLead: Bool) {
        if case .interleaved(let channels) = track.path { channel = channels.rtp } else { channel = nil }
        self.ports = ports
        self.isLead = isLead
        formats = track.description.formats
        payloadType = formats[0].payloadType
        clockRate = formats[0].clockRate ?? 0
        probe = RandomAccessProbe(formats[0].codec)
    }

    /// Counts one packet; `true` for the first that a decoder can begin with.
    mutating func receive(_ packet: PacketBeginning, at arrival: UInt64) -> Bool {
        continuity.receive(packet.sequenceNumber, source: packet.source)
        guard isLead else { return false }
        if packet.payloadType != payloadType { follow(packet.payloadType) }
        jitter.receive(timestamp: packet.timestamp, clockRate: clockRate, arrival: arrival)
        guard !hasRandomAccess, probe.isRandomAccess(packet.payload) else { return false }
        hasRandomAccess = true
        return true
    }

    /// What was before is no part of the jitter that is told.
    mutating func windowOpened() {
        jitter = InterarrivalJitter()
    }

    /// Takes up another format of the track.
    private mutating func follow(_ type: UInt8) {
        guard let format = formats.first(where: { $0.payloadType == type }) else { return }
        payloadType = type
        clockRate = format.clockRate ?? 0
        probe = RandomAccessProbe(format.codec)
    }
}
