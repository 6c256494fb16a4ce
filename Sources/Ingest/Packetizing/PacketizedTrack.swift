import Media
import NIOCore
import RTP

/// A track whose packets are made here, out of whole pictures and whole frames of sound.
struct PacketizedTrack {
    private enum Form {
        case h264(H264Packetizer)
        case h265(H265Packetizer)
        case aac(AACPacketizer, samplesPerFrame: UInt32)
        /// A unit is a payload; so many bytes of it are one sample.
        case samples(bytesPerSample: Int)
    }

    let description: TrackDescription
    private let form: Form
    private let ssrc = UInt32.random(in: .min ... .max)
    private var sequenceNumber = UInt16.random(in: .min ... .max)
    private var timestamp: UInt32 = 0
    /// Of sound, whose times are running samples.
    private var clock: SampleClock?

    /// `nil` for a codec that no packets are made of here.
    init?(_ description: TrackDescription) {
        let format = description.primary
        guard let clockRate = format.clockRate, clockRate > 0 else { return nil }
        switch format.codec {
        case .h264: form = .h264(H264Packetizer())
        case .h265: form = .h265(H265Packetizer())
        case .aac:
            form = .aac(AACPacketizer(), samplesPerFrame: Self.samplesPerFrame(format.configuration))
            clock = SampleClock(sampleRate: clockRate)
        case .pcmu, .pcma:
            form = .samples(bytesPerSample: max(1, format.channels ?? 1))
            clock = SampleClock(sampleRate: clockRate)
        case .mjpeg, .opus, .other: return nil
        }
        self.description = description
    }

    /// Makes the packets of one unit: the NAL units of a picture, or one frame of sound. `time` is when it is shown, in 1/90000 s;
    /// `nil` where nobody knows.
    mutating func packetize(_ parts: [ByteBuffer], at time: Int64?, deliver: (RTPPacket) -> Void) {
        switch form {
        case .h264(let packetizer):
            stamp(pictureAt: time)
            packetizer.packetize(units: parts.filter { Self.isOfUse($0, in: .h264) }) { deliver(packet($0)) }
        case .h265(let packetizer):
            stamp(pictureAt: time)
            packetizer.packetize(units: parts.filter { Self.isOfUse($0, in: .h265) }) { deliver(packet($0)) }
        case .aac(let packetizer, let samples):
            for frame in parts {
                timestamp = clock?.timestamp(ofFrameAt: time, lasting: samples) ?? 0
                packetizer.packetize(frame) { deliver(packet($0)) }
            }
        case .samples(let size):
            for unit in parts {
                let samples = UInt32(clamping: unit.readableBytes / size)
                timestamp = clock?.timestamp(ofFrameAt: time, lasting: samples) ?? 0
                deliver(packet(NormalizedPayload(payload: unit, marker: false, traits: [])))
            }
        }
    }

    /// What a sender would tell of the moment `time`, in 1/90000 s.
    func report(of time: Int64, at ntp: NTPTime) -> SenderReport {
        let timestamp = clock == nil ? UInt32(truncatingIfNeeded: time) : clock?.samples(at: time) ?? 0
        return SenderReport(ssrc: ssrc, ntp: ntp, rtpTimestamp: timestamp, packetCount: 0, octetCount: 0)
    }

    /// 90 kHz are RTP's own clock, of which a transport stream has a bit more: its wrap is RTP's.
    private mutating func stamp(pictureAt time: Int64?) {
        timestamp = time.map { UInt32(truncatingIfNeeded: $0) } ?? timestamp &+ 1
    }

    private mutating func packet(_ payload: NormalizedPayload) -> RTPPacket {
        defer { sequenceNumber &+= 1 }
        return RTPPacket(
            marker: payload.marker, payloadType: description.primary.payloadType,
            sequenceNumber: SequenceNumber(sequenceNumber), timestamp: timestamp, ssrc: ssrc, payload: payload.payload
        )
    }

    /// Not a delimiter or filler, of which RTP has no need.
    private static func isOfUse(_ unit: ByteBuffer, in codec: Codec) -> Bool {
        guard let header = unit.getInteger(at: unit.readerIndex, as: UInt8.self) else { return false }
        return codec == .h264 ? ![9, 12].contains(header & 0x1F) : ![35, 38].contains(header >> 1 & 0x3F)
    }

    /// With spectral band replication that is told, the clock runs twice as fast as the frames are long (RFC 3640 §3.3.6).
    private static func samplesPerFrame(_ configuration: CodecConfiguration) -> UInt32 {
        guard case .aac(let bytes) = configuration, let parsed = AudioSpecificConfig(parsing: bytes),
            let extended = parsed.extensionSampleRate, parsed.sampleRate > 0
        else { return SampleClock.samplesPerFrame }
        return SampleClock.samplesPerFrame * UInt32(clamping: max(1, min(extended / parsed.sampleRate, 8)))
    }
}
