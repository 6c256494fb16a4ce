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
    var continuity = SequenceContinuity()
    var jitter = InterarrivalJitter()

    private let formats: [TrackFormat]
    private var payloadType: UInt8
    private(set) var clockRate: Int
    private(set) var probe: RandomAccessProbe

    init(_ track: PlayClientTrack, ports: DatagramPair?, isLead: Bool) {
        if case .interleaved(let channels) = track.path { channel = channels.rtp } else { channel = nil }
        self.ports = ports
        self.isLead = isLead
        formats = track.description.formats
        payloadType = formats[0].payloadType
        clockRate = formats[0].clockRate ?? 0
        probe = RandomAccessProbe(formats[0].codec)
    }

    /// Takes up another format of the track, should the packet be in one.
    mutating func follow(_ type: UInt8) {
        guard type != payloadType, let format = formats.first(where: { $0.payloadType == type }) else { return }
        payloadType = type
        clockRate = format.clockRate ?? 0
        probe = RandomAccessProbe(format.codec)
    }
}
