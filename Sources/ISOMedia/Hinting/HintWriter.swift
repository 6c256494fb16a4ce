import NIOCore

/// What a hinted copy is made for.
package enum HintForm: Sendable, Hashable {
    /// Payload stands in the hint track, ready to be sent: read in one piece, and the file is twice as large.
    case fast
    /// Hints point into the media: a few percent more.
    case small
}

/// Writes a copy of a movie with a hint track for each of its tracks that can be carried.
///
/// ```
/// the movie as it was, its moov renamed to free │ mdat: hint samples │ moov: as it was, and the hint tracks
/// ```
/// Nothing of the media is moved, so all places of the old tables hold. Hint tracks that were there are left out.
package struct HintWriter: Sendable {
    private let movie: Movie
    private let bytes: any RandomAccessBytes
    private let header: BoxHeader
    private let tracks: [HintedTrack]
    private let form: HintForm

    private static let copiedAtOnce: Int64 = 1 << 20

    /// Throws `.nothingToPlay` where there is no track, or the movie is in fragments.
    package init(
        _ movie: Movie, in bytes: any RandomAccessBytes, tracks: [HintedTrack], form: HintForm
    ) throws(MovieError) {
        guard !tracks.isEmpty else { throw .nothingToPlay("there is no track to hint") }
        guard !movie.isFragmented else {
            throw .nothingToPlay("hints stand in moov, and this movie is in fragments; write it anew without")
        }
        guard let header = try MovieOutline(of: bytes, limits: MovieLimits()).moov else { throw .notAMovie }
        self.movie = movie
        self.bytes = bytes
        self.header = header
        self.tracks = tracks
        self.form = form
    }

    /// Writes it all into `file`, which is empty; tells of each track how many samples could not be carried, or not as a whole. Throws
    /// `MovieError` and what writing throws.
    @discardableResult
    package func write(to file: NewFile) throws -> [Int] {
        try copyMovie(to: file)
        let start = file.size
        var head = ByteBuffer()
        head.writeMultipleIntegers(1 as UInt32, FourCC("mdat").code, 0 as UInt64)
        try file.append(head)
        let progress = try writeSamples(to: file)
        try file.replace(ByteBuffer(integer: UInt64(file.size - start)), at: start + 8)
        try file.append(try movieBox(with: progress))
        return progress.map(\.leftOut)
    }

    /// All boxes, holes as holes; where `moov` stands last it is not copied, else it becomes free space.
    private func copyMovie(to file: NewFile) throws {
        let end = try MovieEnd(of: bytes)
        let isLast = header.end == end.offset
        let copied = isLast ? header.offset : end.offset
        try checkPlaces(before: copied)
        while file.size < copied {
            let stored = bytes.stored(from: file.size)
            let start = min(stored.isEmpty ? copied : stored.lowerBound, copied)
            file.appendHole(start - file.size)
            let count = min(Self.copiedAtOnce, min(stored.upperBound, copied) - start)
            if count > 0 { try file.append(try bytes.read(at: start, count: Int(count))) }
        }
        // One that was cut short meanwhile looks as if it ended in a hole.
        if copied > 0 { _ = try bytes.read(at: copied - 1, count: 1) }
        if !isLast {
            try file.replace(ByteBuffer(integer: FourCC("free").code), at: header.offset + 4)
            for change in try end.closing(with: header) { try file.replace(change.bytes, at: change.offset) }
        }
    }

    /// What the old tables point at must not be what is written behind it.
    ///
    /// Throws `.truncated` where a sample of a track that is kept does not end before `end`.
    private func checkPlaces(before end: Int64) throws(MovieError) {
        for track in movie.tracks where track.handler != "hint" && track.isSelfContained {
            guard let last = track.samples.plain?.fileEnd, last > end else { continue }
            throw .truncated(at: last)
        }
    }

    /// The hint samples of all tracks, in chunks in the order they are sent.
    private func writeSamples(to file: NewFile) throws -> [HintedTrackProgress] {
        let delay = tracks.map(\.lead).max() ?? 0
        var progress = tracks.map { HintedTrackProgress($0, of: movie, in: bytes, form: form, delay: delay) }
        while let next = progress.indices.filter({ progress[$0].due != nil })
            .min(by: { progress[$0].due ?? 0 < progress[$1].due ?? 0 })
        {
            if try progress[next].advance() { try file.append(progress[next].takeChunk(at: file.size)) }
        }
        return progress
    }
}

extension HintWriter {
    /// `moov` as it was, with other hint tracks and the next number of a track.
    private func movieBox(with progress: [HintedTrackProgress]) throws(MovieError) -> ByteBuffer {
        let old = Box(header: header, body: try bytes.read(at: header.bodyOffset, count: Int(header.bodySize)))
        let boxes = try old.children()
        let hints = Set(movie.tracks.filter { $0.handler == "hint" }.map(\.id))
        let used = Set(boxes.compactMap(Self.trackID))
        let ids = Self.freeIDs(progress.count, beside: used)
        let last = used.union(ids).max() ?? 0
        var moov = ByteBuffer()
        moov.writeBox("moov") { moov in
            for box in boxes where box.type != "udta" {
                if let id = Self.trackID(box), hints.contains(id) { continue }
                let start = moov.writerIndex
                moov.writeImmutableBuffer(Self.whole(box, of: old))
                if box.type == "mvhd" {
                    moov.setInteger(last == .max ? last : last + 1, at: start + Int(box.header.size) - 4)
                }
            }
            for (id, track) in zip(ids, progress) { track.write(id: id, of: movie, to: &moov) }
            writeUserData(boxes.first("udta"), of: old, progress, to: &moov)
        }
        guard moov.readableBytes <= Int(Int32.max) else { throw .tooMuch("a moov box of \(moov.readableBytes) bytes") }
        return moov
    }

    private func writeUserData(
        _ old: Box?, of moov: Box, _ progress: [HintedTrackProgress], to buffer: inout ByteBuffer
    ) {
        buffer.writeBox("udta") { box in
            if let old {
                var reader = BoxReader(old)
                while let child = try? reader.next() {
                    if child.type != "hnti" { box.writeImmutableBuffer(Self.whole(child, of: moov)) }
                }
            }
            let rate = progress.reduce(0) { $0 + UInt64($1.meanRate) } / 1000
            box.writeBox("hnti") {
                $0.writeBox("rtp ") { box in
                    box.writeInteger(FourCC("sdp ").code)
                    box.writeString("b=AS:\(max(1, rate))\r\n")
                }
            }
        }
    }

    /// A box with its head, as it stands in the file; a last one of size 0 gets its size, for it is the last one no more.
    private static func whole(_ box: Box, of moov: Box) -> ByteBuffer {
        let place = moov.body.readerIndex + Int(box.header.offset - moov.header.bodyOffset)
        guard var whole = moov.body.getSlice(at: place, length: Int(box.header.size)) else { return ByteBuffer() }
        if whole.getInteger(at: whole.readerIndex, as: UInt32.self) == 0 {
            whole.setInteger(UInt32(clamping: box.header.size), at: whole.readerIndex)
        }
        return whole
    }

    /// Numbers for new tracks: behind those there are, or what is free between them.
    private static func freeIDs(_ count: Int, beside used: Set<UInt32>) -> [UInt32] {
        let last = used.max() ?? 0
        if UInt32.max - last > UInt32(clamping: count) { return (0..<UInt32(clamping: count)).map { last + 1 + $0 } }
        return Array((1...UInt32.max).lazy.filter { !used.contains($0) }.prefix(count))
    }

    private static func trackID(_ box: Box) -> UInt32? {
        guard box.type == "trak", let head = (try? box.children())?.first("tkhd") else { return nil }
        return head.body.getInteger(at: head.body.readerIndex + (head.version == 1 ? 20 : 12))
    }
}
