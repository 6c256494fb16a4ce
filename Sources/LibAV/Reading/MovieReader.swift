import CLibAV
import CLibAVShim
import Media
import NIOCore

/// Reads a movie with libavformat, whatever container it comes in: the first track of H.264 or H.265, and the first of AAC or G.711.
///
/// Belongs to one thread, which it blocks while it reads. All times are in 1/90000 s of the file's own timeline, as it has them.
package final class MovieReader {
    /// What is to be known of a track before its first unit.
    package struct Track: Sendable, Hashable {
        package var codec: Codec
        /// Parameter sets, or the AudioSpecificConfig; `.none` for G.711.
        package var configuration: CodecConfiguration
        /// The RTP clock in Hz: 90000 for pictures, samples a second for sound.
        package var clockRate: Int
        /// Of sound.
        package var channels: Int?
    }

    /// One picture, or one frame of sound.
    package struct Unit: Sendable {
        /// Place in `tracks`.
        package var track: Int
        /// When it is shown.
        package var presentationTime: Int64
        /// When it is decoded: units of a track come in this order.
        package var decodingTime: Int64
        /// 0 where the file does not tell.
        package var duration: Int64
        /// Decoding may begin here; the parameter sets are in front then.
        package var isKeyFrame: Bool
        /// NAL units without start codes or lengths; or the one frame of sound, without ADTS header.
        package var parts: [ByteBuffer]

        package init(
            track: Int, presentationTime: Int64, decodingTime: Int64, duration: Int64, isKeyFrame: Bool,
            parts: [ByteBuffer]
        ) {
            self.track = track
            self.presentationTime = presentationTime
            self.decodingTime = decodingTime
            self.duration = duration
            self.isKeyFrame = isKeyFrame
            self.parts = parts
        }
    }

    /// Picture before sound; at least one.
    package private(set) var tracks: [Track] = []
    /// Pictures and sound that the file has and that are not read, by name.
    package private(set) var leftOut: [String] = []
    /// Packets that made no sense so far.
    package private(set) var malformed = 0

    private let container: MovieContainer
    private var lanes: [MovieLane] = []
    /// Read already: to learn what a track is, or the rest of a packet of several units.
    private var waiting = CircularBuffer<Unit>()

    /// So many packets may be read until all tracks are understood.
    private static let mostPacketsToLearn = 2000
    /// So many bytes of them are kept.
    private static let mostBytesToLearn = 8 << 20

    /// Opens a file. `isWanted` is asked while libavformat reads; where it says no, reading ends with an error.
    ///
    /// Throws where there is no such file, where libavformat does not understand it, and where there is nothing in it to be played.
    package init(path: String, isWanted: @escaping () -> Bool = { true }) throws(LibAVError) {
        container = try MovieContainer(path: path, isWanted: isWanted)
        choose()
        try learn()
        guard !tracks.isEmpty else {
            let has = leftOut.isEmpty ? "nothing" : leftOut.joined(separator: ", ")
            throw LibAVError(container.attempt, because: "it has no H.264, H.265, AAC or G.711, but \(has)")
        }
    }

    /// The next unit in the order of the file; `nil` at its end. Throws where it cannot be read on.
    package func next() throws(LibAVError) -> Unit? {
        while waiting.isEmpty {
            guard try read() else { return nil }
        }
        return waiting.popFirst()
    }

    /// Goes on at the key frame at or before a time of the file; does nothing where the file cannot be searched.
    package func seek(to time: Int64) {
        guard container.seek(to: time.multipliedReportingOverflow(by: 100).partialValue / 9) else { return }
        waiting.removeAll()
        for index in lanes.indices { lanes[index].forgetTime() }
    }

    private func read() throws(LibAVError) -> Bool {
        try container.read { packet in
            guard let track = lanes.firstIndex(where: { $0.stream == packet.stream_index }) else { return }
            let before = waiting.count
            lanes[track].units(of: packet, track: track) { waiting.append($0) }
            if waiting.count == before { malformed &+= 1 }
        }
    }

    private func choose() {
        for stream in container.streams {
            stream.pointee.discard = AVDISCARD_ALL
            guard let parameters = stream.pointee.codecpar,
                stream.pointee.disposition & AV_DISPOSITION_ATTACHED_PIC == 0,
                [AVMEDIA_TYPE_VIDEO, AVMEDIA_TYPE_AUDIO].contains(parameters.pointee.codec_type)
            else { continue }
            let isVideo = parameters.pointee.codec_type == AVMEDIA_TYPE_VIDEO
            guard let lane = MovieLane(stream), !lanes.contains(where: { $0.isVideo == isVideo }) else {
                leftOut.append(String(cString: avcodec_get_name(parameters.pointee.codec_id)))
                continue
            }
            stream.pointee.discard = AVDISCARD_DEFAULT
            lanes.append(lane)
        }
        lanes.sort { $0.isVideo && !$1.isVideo }
    }

    /// Reads until each track has told what it is; one that does not is left out.
    private func learn() throws(LibAVError) {
        var packets = 0
        var bytes = 0
        while lanes.contains(where: { $0.track == nil }), packets < Self.mostPacketsToLearn,
            bytes < Self.mostBytesToLearn
        {
            let before = waiting.count
            guard try read() else { break }
            packets += 1
            for unit in waiting.dropFirst(before) { bytes += unit.parts.reduce(0) { $0 + $1.readableBytes } }
        }
        let known = lanes.indices.filter { lanes[$0].track != nil }
        for lane in lanes where lane.track == nil { leftOut.append("\(lane.codec) without parameters") }
        waiting = CircularBuffer(
            waiting.compactMap { unit in
                guard let place = known.firstIndex(of: unit.track) else { return nil }
                var unit = unit
                unit.track = place
                return unit
            })
        lanes = known.map { lanes[$0] }
        tracks = lanes.compactMap(\.track)
    }
}
