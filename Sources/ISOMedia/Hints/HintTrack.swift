import Media
import NIOCore

/// A track that tells how other tracks are sent as RTP (ISO/IEC 14496-12 §9.1; QuickTime File Format, "Hint Media").
///
/// ```
/// trak
///  ├ tref/hint: the media tracks           ├ mdia/minf/stbl/stsd/'rtp ': version, largest packet, tims tsro snro
///  └ udta/hnti/'sdp ': its SDP lines        └ udta/hinf: statistics
/// ```
/// Immutable, shared by all viewers of a movie. `tssy` and `rely` change nothing of what is sent, and are not read.
package struct HintTrack: Sendable {
    package let track: MovieTrack
    /// What it refers to, by the place in its `tref`; `nil` for a track that the movie does not have.
    package let sources: [MovieTrack?]
    /// The lines of a session description, from `hnti`, or made here where there are none.
    package let description: HintDescription
    /// Of its packets, in Hz.
    package let clockRate: UInt32
    /// The longest packet that the hinter told of, in bytes. Some packets are longer.
    package let announcedPacketSize: UInt32
    /// What the hinter wants added to timestamps (`tsro`) and numbers (`snro`). A sender has random ones of its own.
    package let timestampOffset: Int32
    package let sequenceOffset: Int32
    package let statistics: HintStatistics?

    /// Payload type of the first format.
    package var payloadType: UInt8 { description.track.primary.payloadType }
    package var kind: MediaKind { description.track.kind }
    /// The lines as DESCRIBE sends them: port 0, without `a=control`.
    package var mediaDescription: String { description.text }
    /// The media track that it is about: the first that there is.
    package var media: MovieTrack? { sources.lazy.compactMap { $0 }.first }

    /// A hint track is about one media track, or the few of a program; each that is read costs every viewer a window.
    private static let mostSources = 8

    /// Whether a track is one that may be read so.
    package static func isHint(_ track: MovieTrack) -> Bool {
        track.handler == "hint" && track.references["hint"] != nil
    }

    /// Reads a track of `movie`; `bytes` are looked at only where it has no session description of its own.
    ///
    /// Throws `.nothingToPlay` for a hint track that is not of RTP or does not say what it carries.
    package init(_ track: MovieTrack, of movie: Movie, in bytes: any RandomAccessBytes) throws(MovieError) {
        guard Self.isHint(track), let references = track.references["hint"] else {
            throw .nothingToPlay("track \(track.id) is no hint track")
        }
        guard track.isSelfContained else {
            throw .nothingToPlay("the samples of hint track \(track.id) are in another file")
        }
        guard let entry = track.descriptions.first(where: { $0.format == "rtp " }) else {
            throw .nothingToPlay("hint track \(track.id) is not of RTP")
        }
        self.track = track
        sources = references.prefix(Self.mostSources).map { id in
            movie.track(id).flatMap { $0.isSelfContained ? $0 : nil }
        }
        statistics = track.hintInformation.map { HintStatistics(reading: $0) }
        let settings = HintSettings(reading: entry.body)
        announcedPacketSize = settings.largestPacket
        timestampOffset = settings.timestampOffset
        sequenceOffset = settings.sequenceOffset
        let told = track.sessionDescription.flatMap { HintDescription(parsing: $0) }
        guard let description = told ?? Self.made(for: track, sources, statistics, bytes) else {
            throw .nothingToPlay(
                "hint track \(track.id) has no session description, and its payload type tells nothing")
        }
        self.description = description
        let described = description.track.primary.clockRate.flatMap { UInt32(exactly: $0) }
        clockRate = max(1, settings.clockRate ?? described ?? track.timescale)
    }

    /// A description out of `hinf`, or of the payload type that the first packets have.
    private static func made(
        for track: MovieTrack, _ sources: [MovieTrack?], _ statistics: HintStatistics?, _ bytes: any RandomAccessBytes
    ) -> HintDescription? {
        let handler = sources.lazy.compactMap { $0 }.first?.handler
        guard let kind: MediaKind = handler == "vide" ? .video : handler == "soun" ? .audio : nil else { return nil }
        guard let type = statistics?.payloadType ?? firstPayloadType(of: track, in: bytes) else { return nil }
        return HintDescription(kind: kind, payloadType: type, map: statistics?.payloadMap)
    }

    private static func firstPayloadType(of track: MovieTrack, in bytes: any RandomAccessBytes) -> UInt8? {
        for index in 0..<min(track.samples.count, 16) {
            guard let sample = track.samples.sample(at: index), sample.size <= 65_536,
                let read = try? bytes.read(at: sample.offset, count: sample.size)
            else { return nil }
            var packets = HintSample(read)
            if case .packet(let packet) = packets.next() { return packet.payloadType }
        }
        return nil
    }
}

/// What the sample description of a hint track says.
///
/// ```
/// │ version: 16 │ compatible: 16 │ largest packet: 32 │ boxes: tims, tsro, snro, … │
/// ```
struct HintSettings {
    private(set) var largestPacket: UInt32 = 0
    private(set) var clockRate: UInt32?
    private(set) var timestampOffset: Int32 = 0
    private(set) var sequenceOffset: Int32 = 0

    private static let mostBoxes = 64

    /// What is cut off or unknown is passed over.
    init(reading body: ByteBuffer) {
        var rest = body
        guard rest.readInteger(as: UInt32.self) != nil, let largest = rest.readInteger(as: UInt32.self) else { return }
        largestPacket = largest
        var count = 0
        while count < Self.mostBoxes, let size = rest.readInteger(as: UInt32.self),
            let type = rest.readInteger(as: UInt32.self), size >= 8, let box = rest.readSlice(length: Int(size) - 8)
        {
            count += 1
            switch FourCC(type) {
            case "tims": clockRate = box.integer(at: 0, as: UInt32.self).flatMap { $0 > 0 ? $0 : nil }
            case "tsro": timestampOffset = box.integer(at: 0, as: Int32.self) ?? 0
            // Written with 16 bits by some, though it has 32.
            case "snro":
                sequenceOffset =
                    box.integer(at: 0, as: Int32.self) ?? box.integer(at: 0, as: Int16.self).map(Int32.init) ?? 0
            default: break
            }
        }
    }
}
