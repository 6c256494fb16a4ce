import NIOCore

/// A track as a test writes it.
struct TrackBytes {
    var id: UInt32
    var handler = "vide"
    var timescale: UInt32 = 1000
    /// Payload, by chunk and sample.
    var chunks: [[[UInt8]]]
    /// Of each sample; the last one goes on for those that follow.
    var durations: [UInt32] = [40]
    var compositionOffsets: [UInt32] = []
    /// From 0; none: all.
    var syncs: [UInt32]?
    /// Milliseconds of the presentation, and the media time, -1 for nothing.
    var edits: [(duration: UInt32, mediaTime: Int32)] = []
    /// One entry of `stsd`.
    var entry: [UInt8] = []
    var references: [UInt32] = []
    var userData: [UInt8] = []
    /// What `stsz` says of sound: this many samples in each chunk, all of one size.
    var uniform: (size: UInt32, inChunk: [UInt32])?

    /// A hint track of an RTP clock of 90 kHz.
    static func hint(
        _ id: UInt32 = 2, of references: [UInt32] = [1], chunks: [[[UInt8]]], description: String? = Self.videoLines,
        settings: [UInt8] = boxBytes("tims", bigEndian(UInt32(90_000)))
    ) -> TrackBytes {
        var track = TrackBytes(id: id, handler: "hint", timescale: 90_000, chunks: chunks, durations: [3600])
        let body = [0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1] + bigEndian(UInt32(1450)) + settings
        track.entry = boxBytes("rtp ", body)
        track.references = references
        if let description {
            track.userData = boxBytes("hnti", boxBytes("sdp ", Array(description.utf8)))
        }
        return track
    }

    static let videoLines = "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:trackID=2\r\n"
}

/// A whole movie of them, the payload of each before the next one's.
func movieBytes(_ tracks: [TrackBytes]) -> [UInt8] {
    let brand = boxBytes("ftyp", Array("isom".utf8) + [0, 0, 0, 0])
    var payload: [UInt8] = []
    var boxes = boxBytes(
        "mvhd", [0, 0, 0, 0] + header(timescale: 1000, duration: 10_000) + [UInt8](repeating: 0, count: 80))
    for track in tracks {
        var offsets: [UInt32] = []
        for chunk in track.chunks {
            offsets.append(UInt32(brand.count + 8 + payload.count))
            payload += chunk.flatMap { $0 }
        }
        boxes += track.box(offsets: offsets)
    }
    return brand + boxBytes("mdat", payload) + boxBytes("moov", boxes)
}

private func header(timescale: UInt32, duration: UInt32) -> [UInt8] {
    [UInt8](repeating: 0, count: 8) + bigEndian(timescale) + bigEndian(duration)
}

extension TrackBytes {
    fileprivate func box(offsets: [UInt32]) -> [UInt8] {
        let head = [0, 0, 0, 1] + [UInt8](repeating: 0, count: 8) + bigEndian(id) + [UInt8](repeating: 0, count: 68)
        var boxes = boxBytes("tkhd", head)
        if !edits.isEmpty {
            let rows = edits.flatMap { edit -> [UInt8] in
                bigEndian(edit.duration) + bigEndian(edit.mediaTime) + [0, 1, 0, 0]
            }
            boxes += boxBytes("edts", boxBytes("elst", table(edits.count, rows)))
        }
        if !references.isEmpty { boxes += boxBytes("tref", boxBytes("hint", references.flatMap { bigEndian($0) })) }
        let clock = boxBytes("mdhd", [0, 0, 0, 0] + header(timescale: timescale, duration: 0) + [0x55, 0xC4, 0, 0])
        let kind = boxBytes(
            "hdlr", [UInt8](repeating: 0, count: 8) + Array(handler.utf8) + [UInt8](repeating: 0, count: 13))
        let place = boxBytes("dinf", boxBytes("dref", table(1, boxBytes("url ", [0, 0, 0, 1]))))
        let media = clock + kind + boxBytes("minf", place + boxBytes("stbl", tables(offsets: offsets)))
        boxes += boxBytes("mdia", media)
        if !userData.isEmpty { boxes += boxBytes("udta", userData) }
        return boxBytes("trak", boxes)
    }

    private func table(_ count: Int, _ rows: [UInt8]) -> [UInt8] {
        [0, 0, 0, 0] + bigEndian(UInt32(count)) + rows
    }

    private func tables(offsets: [UInt32]) -> [UInt8] {
        let sizes = chunks.flatMap { $0.map { UInt32($0.count) } }
        let count = uniform.map { Int($0.inChunk.reduce(0, +)) } ?? sizes.count
        let inChunk = uniform?.inChunk ?? chunks.map { UInt32($0.count) }
        var rows: [UInt8] = []
        for (index, duration) in durations.enumerated() {
            let last = index == durations.count - 1
            rows += bigEndian(UInt32(last ? count - index : 1)) + bigEndian(duration)
        }
        let format = handler == "soun" ? "sowt" : "avc1"
        var entry = entry
        if entry.isEmpty {
            entry = boxBytes(
                format, [0, 0, 0, 0, 0, 0, 0, 1] + [UInt8](repeating: 0, count: handler == "soun" ? 20 : 70))
        }
        var boxes = boxBytes("stsd", table(1, entry)) + boxBytes("stts", table(durations.count, rows))
        if !compositionOffsets.isEmpty {
            let rows = compositionOffsets.flatMap { offset -> [UInt8] in bigEndian(UInt32(1)) + bigEndian(offset) }
            boxes += boxBytes("ctts", table(compositionOffsets.count, rows))
        }
        if let syncs { boxes += boxBytes("stss", table(syncs.count, syncs.flatMap { bigEndian($0 + 1) })) }
        let runs = inChunk.enumerated().flatMap { chunk, samples -> [UInt8] in
            bigEndian(UInt32(chunk + 1)) + bigEndian(samples) + bigEndian(UInt32(1))
        }
        boxes += boxBytes("stsc", table(inChunk.count, runs))
        let sizeRows: [UInt8] = uniform == nil ? sizes.flatMap { bigEndian($0) } : []
        boxes += boxBytes("stsz", [0, 0, 0, 0] + bigEndian(uniform?.size ?? 0) + bigEndian(UInt32(count)) + sizeRows)
        return boxes + boxBytes("stco", table(offsets.count, offsets.flatMap { bigEndian($0) }))
    }
}
