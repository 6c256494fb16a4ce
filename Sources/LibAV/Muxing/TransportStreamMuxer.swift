import CLibAV
import Media
import NIOCore

/// Makes a live stream into an MPEG transport stream (ISO/IEC 13818-1) that can be cut, each piece complete for HLS (RFC 8216 §3.2).
///
/// Each piece begins with PAT and PMT, a random access point of H.264 or H.265 and the first picture of a piece with the parameter
/// sets; AAC comes behind ADTS headers. Times are those of the units in 1/90000 s, of which 33 bits count; the clock (PCR) runs `delay` before the
/// decode times. Continuity counters run on over cuts. Belongs to one thread at a time.
package final class TransportStreamMuxer {
    private static let attempt = "write a transport stream"
    /// How long before its decoding a unit is there at the latest, in 1/90000 s.
    private static let delay: Int64 = 9000
    /// libavformat is given times that are never negative: this much later, which 33 bits do not tell.
    private static let shift: Int64 = 1 << 51
    private static let packetSize = 188

    private let context: MuxerContext
    private let tracks: [MuxedTrack]
    private let pictures: [PictureUnits?]
    /// Tracks with a picture since the last cut: who begins with a piece in the midst of a group needs parameter sets as well.
    private var begun: Set<Int> = []

    /// Tracks of H.264, H.265, AAC and MPEG audio, complete with their configuration; throws for others.
    ///
    /// `isPiece`: others make what comes before, and their counters cannot be gone on from; the first packets say so
    /// (`discontinuity_indicator`, ISO/IEC 13818-1 §2.4.3.5).
    package init(tracks: [MuxedTrack], isPiece: Bool = false) throws(LibAVError) {
        context = try MuxerContext(
            "mpegts", Self.attempt, tracks: tracks,
            options: [
                "mpegts_flags": isPiece ? "+initial_discontinuity" : "0",
                // Tables at the cuts alone; each frame of sound by itself, with its own time.
                "pat_period": "86400", "sdt_period": "86400", "pes_payload_size": "0", "pcr_period": "40",
            ],
            delay: Int32(Self.delay * 1_000_000 / 90_000)
        ) { (track, stream) throws(LibAVError) in
            var extradata: [UInt8] = []
            if case .aac(let config) = track.configuration { extradata = config }
            try track.describe(stream, extradata: extradata)
        }
        self.tracks = tracks
        pictures = tracks.map(PictureUnits.init)
        _ = context.takeBytes()
    }

    /// Adds a unit; `track` in it is the index in `tracks` given at the start, `duration` in its clock.
    ///
    /// A unit is shown when it is decoded where it says that it is shown before. Throws for one that is no such unit or
    /// does not follow the one before in time; what was written before stays.
    package func write(_ unit: AccessUnit, duration: Int64) throws(LibAVError) {
        var payload = unit.payload
        if pictures.indices.contains(unit.track) {
            if let units = pictures[unit.track] {
                payload = try units.byteStream(
                    of: payload, withParameterSets: unit.isRandomAccess || !begun.contains(unit.track))
            } else {
                try payload.expectSound(of: tracks[unit.track].codec, Self.attempt)
            }
        }
        // libavformat adds twice the delay to the times, and takes it once from them for the PCR.
        try context.write(payload, unit, duration: duration, shift: Self.shift - 2 * Self.delay)
        begun.insert(unit.track)
    }

    /// The packets of what was written since the last cut, PAT and PMT first; empty where nothing was.
    package func cut() throws(LibAVError) -> ByteBuffer {
        guard !context.isEmpty else { return ByteBuffer() }
        begun.removeAll()
        var bytes = try context.flush(then: (name: "mpegts_flags", value: "+resend_headers"))
        // libavformat begins with the names of services, which nobody asked for (RFC 8216 §3.2: PAT and PMT come first).
        if bytes.readableBytes >= Self.packetSize, bytes.packetIdentifier == 0x11 {
            bytes.moveReaderIndex(forwardBy: Self.packetSize)
        }
        return bytes
    }
}

extension ByteBuffer {
    /// The PID of the packet it begins with.
    fileprivate var packetIdentifier: UInt16? {
        getInteger(at: readerIndex + 1, as: UInt16.self).map { $0 & 0x1FFF }
    }
}
