import LibAV
import Media
import NIOCore
import RTP

/// The tracks of a transport stream: which there are, what a viewer must know of them, and their packets.
///
/// The first picture and the first sound of the program that can be passed on; nothing is until both are known, or time is up.
struct TransportStreamTracks {
    fileprivate struct Lane {
        let stream: Int
        let codec: Codec
        /// Once it can be described.
        var track: PacketizedTrack?
        /// What the sound's headers say.
        var configuration: AudioSpecificConfig?
        /// Another form of the sound, and how many frames in a row had it.
        var other: (configuration: AudioSpecificConfig, frames: Int)?
    }

    /// What becomes of a unit.
    enum Reception {
        case taken
        /// The sound has another form now, which no viewer knows of.
        case changed
    }

    private var lanes: [Lane] = []
    /// What the program has that is not passed on.
    private(set) var leftOut: [String] = []
    /// Since the first track was known, until all are.
    private var waiting: [TransportStreamReader.Unit] = []
    private var waitingBytes = 0
    /// Units that made no sense.
    private(set) var malformed: UInt64 = 0
    /// The newest time of the stream.
    private(set) var newest: Int64?

    /// More than this is not kept while a track is waited for, in bytes.
    private static let mostWaiting = 8 << 20

    /// The elementary streams as the program tells them now.
    mutating func announced(_ codecs: [Codec]) {
        leftOut = []
        lanes.removeAll { !codecs.indices.contains($0.stream) || codecs[$0.stream] != $0.codec }
        for (stream, codec) in codecs.enumerated() where !lanes.contains(where: { $0.stream == stream }) {
            let hasVideo = lanes.contains { $0.codec != .aac }
            switch codec {
            case .h264 where !hasVideo, .h265 where !hasVideo: lanes.append(Lane(stream: stream, codec: codec))
            case .aac where !lanes.contains { $0.codec == .aac }: lanes.append(Lane(stream: stream, codec: codec))
            case .other(nil): break
            default: leftOut.append(codec.description)
            }
        }
        lanes.sort { $0.codec != .aac && $1.codec == .aac }
    }

    /// Nothing that could be passed on was announced so far.
    var isEmpty: Bool { lanes.isEmpty }

    /// One of the tracks can be described.
    var knowsAny: Bool { lanes.contains { $0.track != nil } }

    /// The picture can be described, or there is none.
    var knowsPicture: Bool { lanes.allSatisfy { $0.codec == .aac || $0.track != nil } }

    /// All of them can, or so much came that the others are not waited for.
    var isKnown: Bool {
        !lanes.isEmpty && lanes.allSatisfy { $0.track != nil } || knowsAny && waitingBytes > Self.mostWaiting
    }

    /// A unit from before the tracks were settled: a picture counts from the first with parameter sets on.
    mutating func learn(_ unit: TransportStreamReader.Unit) {
        guard let index = lanes.firstIndex(where: { $0.stream == unit.stream }) else { return }
        if lanes[index].track == nil { lanes[index].learn(unit) }
        // Sound from before the first picture is of no use.
        guard lanes[index].track != nil, knowsPicture else { return }
        waiting.append(unit)
        waitingBytes += unit.bytes.readableBytes
    }

    /// What is not known by now is left out. The descriptions, and the units that came before.
    mutating func settle() -> ([TrackDescription], [TransportStreamReader.Unit]) {
        for lane in lanes where lane.track == nil { leftOut.append("\(lane.codec), not heard of") }
        lanes.removeAll { $0.track == nil }
        defer {
            waiting = []
            waitingBytes = 0
        }
        return (lanes.compactMap(\.track?.description), waiting)
    }

    /// The packets of a unit, each with its track.
    mutating func packetize(
        _ unit: TransportStreamReader.Unit, deliver: (RTPPacket, Int) -> Void
    ) -> Reception {
        guard let track = lanes.firstIndex(where: { $0.stream == unit.stream }) else { return .taken }
        if let time = unit.presentationTime { newest = time }
        guard lanes[track].codec == .aac else {
            lanes[track].track?.packetize(AnnexB.nalUnits(in: unit.bytes), at: unit.presentationTime) {
                deliver($0, track)
            }
            return .taken
        }
        guard let header = ADTSHeader(parsing: unit.bytes), header.blocks == 1,
            let frame = unit.bytes.getSlice(
                at: unit.bytes.readerIndex + header.length, length: header.frameLength - header.length)
        else {
            malformed &+= 1
            return .taken
        }
        guard header.configuration == lanes[track].configuration else {
            malformed &+= 1
            return lanes[track].isOther(header.configuration) ? .changed : .taken
        }
        lanes[track].other = nil
        lanes[track].track?.packetize([frame], at: unit.presentationTime) { deliver($0, track) }
        return .taken
    }

    /// What ties the tracks together, as a sender would tell it: `seconds` since 1970 are now that of `time`.
    func reports(of time: Int64, at seconds: Double) -> [SenderReport] {
        let ntp = NTPTime(unixNanoseconds: Int64(seconds * 1e9))
        return lanes.compactMap { $0.track?.report(of: time, at: ntp) }
    }
}

// MARK: One track

extension TransportStreamTracks.Lane {
    fileprivate mutating func learn(_ unit: TransportStreamReader.Unit) {
        guard codec == .aac else {
            let units = AnnexB.nalUnits(in: unit.bytes).map { Array(buffer: $0) }
            let configuration: CodecConfiguration = codec == .h264 ? .h264(of: units) : .h265(of: units)
            if configuration.isComplete { track = PacketizedTrack(.packetized(codec, configuration: configuration)) }
            return
        }
        guard let header = ADTSHeader(parsing: unit.bytes), header.blocks == 1,
            let bytes = header.configuration.serialized
        else {
            return
        }
        configuration = header.configuration
        track = PacketizedTrack(
            .packetized(
                .aac, clockRate: header.configuration.sampleRate, channels: header.configuration.channels,
                configuration: .aac(audioSpecificConfig: bytes)))
    }

    /// One header may be broken; this many in a row that agree are not.
    private static let mostStrayFrames = 5

    fileprivate mutating func isOther(_ configuration: AudioSpecificConfig) -> Bool {
        let frames = other?.configuration == configuration ? other?.frames ?? 0 : 0
        other = (configuration, frames + 1)
        return frames + 1 >= Self.mostStrayFrames
    }
}
