import Foundation
import LibAV
import Logging
import Media
import NIOCore
import NIOPosix
import RTP
import Reflector
import TestSupport
import Testing

/// A movie that ffmpeg made, published to a stream packet by packet, as fast as it goes: arrival is by its own times.
struct MovieRun: Sendable {
    let stream: Reflector.Stream
    let tracks: [MovieReader.Track]
    let units: [MovieReader.Unit]
    private let publication: NIOLoopBoundBox<Publication?>
    private let loop: any EventLoop
    private let sequences: NIOLoopBoundBox<[UInt16]>
    private static let start = NIODeadline.uptimeNanoseconds(100_000_000_000)

    init(_ arguments: [String], name: String, policy: StreamPolicy = StreamPolicy()) async throws {
        let read = try await withTemporaryDirectory { directory in
            _ = try await OutsideTool("ffmpeg").output(["-v", "error"] + arguments + [name], in: directory)
            let reader = try MovieReader(path: directory.appendingPathComponent(name).path)
            var units: [MovieReader.Unit] = []
            while let unit = try reader.next() { units.append(unit) }
            return (reader.tracks, units.sorted { $0.decodingTime < $1.decodingTime })
        }
        (tracks, units) = read
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        self.loop = loop
        stream = Stream(
            path: try #require(StreamPath("gate")), homeLoop: loop, policy: policy,
            clock: StreamClock(
                now: { Self.start }, wallClock: { 1_700_000_000_000_000_000 }, random: { .random(in: 0...UInt32.max) }),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        publication = NIOLoopBoundBox.makeEmptyBox(valueType: Publication.self, eventLoop: loop)
        sequences = NIOLoopBoundBox.makeBoxSendingValue(Array(repeating: 65_000, count: tracks.count), eventLoop: loop)
    }

    var descriptions: [TrackDescription] {
        tracks.map {
            .packetized(
                $0.codec, clockRate: $0.clockRate, channels: $0.channels, configuration: $0.configuration)
        }
    }

    func publish() async throws {
        try await loop.submit { [self] in
            publication.value = try stream.publish(tracks: descriptions, by: "movie")
        }.get()
    }

    func endPublication() async throws {
        try await loop.submit { [publication] in publication.value = nil }.get()
    }

    /// Sends units of these places, each in a read of its own; packets `isLost` says so of do not arrive. Its numbers go on from call to call.
    func send(_ places: Range<Int>, isLost: @escaping @Sendable (Int) -> Bool = { _ in false }) async throws {
        try await loop.submit { [self] in
            for place in places { send(units[place], isLost: { isLost(place) }, isFirst: place < tracks.count) }
        }.get()
    }

    private func send(_ unit: MovieReader.Unit, isLost: () -> Bool, isFirst: Bool) {
        let track = tracks[unit.track]
        let time = unit.presentationTime * Int64(track.clockRate)
        let timestamp = UInt32(truncatingIfNeeded: time / 90_000 - 5000)
        let arrival = Self.start + .nanoseconds(unit.decodingTime * 100_000 / 9)
        var payloads: [NormalizedPayload] = []
        switch track.codec {
        case .h264: H264Packetizer().packetize(units: unit.parts) { payloads.append($0) }
        case .h265: H265Packetizer().packetize(units: unit.parts) { payloads.append($0) }
        case .aac: AACPacketizer().packetize(unit.parts[0]) { payloads.append($0) }
        default: payloads = [NormalizedPayload(payload: unit.parts[0], marker: false, traits: [])]
        }
        for (place, payload) in payloads.enumerated() {
            let number = sequences.value[unit.track]
            sequences.value[unit.track] &+= 1
            if place == payloads.count / 2, isLost() { continue }
            publication.value?.receive(
                RTPPacket(
                    marker: payload.marker, payloadType: descriptions[unit.track].primary.payloadType,
                    sequenceNumber: SequenceNumber(number), timestamp: timestamp, ssrc: UInt32(unit.track),
                    payload: payload.payload),
                track: unit.track, at: arrival)
        }
        // The camera's own reports tie the tracks together exactly.
        publication.value?.receive(
            SenderReport(
                ssrc: UInt32(unit.track),
                ntp: NTPTime(
                    unixNanoseconds: 1_600_000_000_000_000_000 + time / 90_000 * 1_000_000_000 / Int64(track.clockRate)),
                rtpTimestamp: timestamp, packetCount: 0, octetCount: 0),
            track: unit.track, at: arrival)
        // Nothing goes out before both tracks have told their time.
        if !isFirst { publication.value?.readEnded(at: arrival) }
    }

    /// What a muxer takes of a unit of the movie.
    func payload(_ place: Int) -> ByteBuffer {
        let unit = units[place]
        guard [.h264, .h265].contains(tracks[unit.track].codec) else { return unit.parts[0] }
        let delimiter: UInt8 = tracks[unit.track].codec == .h264 ? 0x09 : 35 << 1
        let mask: UInt8 = tracks[unit.track].codec == .h264 ? 0x1F : 0x7E
        var buffer = ByteBuffer()
        for part in unit.parts {
            guard let header: UInt8 = part.getInteger(at: part.readerIndex), header & mask != delimiter else {
                continue
            }
            buffer.writeInteger(UInt32(part.readableBytes))
            buffer.writeImmutableBuffer(part)
        }
        return buffer
    }

    /// Of a unit, in ticks of its track.
    func ticks(_ time: Int64, of track: Int) -> Int64 { time * Int64(tracks[track].clockRate) / 90_000 }

    func places(of track: Int) -> [Int] { units.indices.filter { units[$0].track == track } }
}
