import NIOCore

/// A movie on its way to one viewer: which packets come next, with which numbers and times.
///
/// Numbers run on and RTP time only grows, over seeks and pauses and whatever the scale: for its receiver it is one stream
/// (RFC 2326 Appendix B). A value: it reads the file, so it is used where blocking does no harm.
package struct MoviePlayout: Sendable {
    /// Which samples of the video are sent.
    private enum Stride: Sendable, Hashable {
        case all
        case keyFrames
        case keyFramesBackwards
    }

    /// The fastest that all pictures are sent; above, key frames alone.
    package static let fastestWhole = 2.0
    /// RTP time between what was sent last and what is sent after a seek, in microseconds: one picture's.
    private static let gap: Int64 = 40_000
    /// Key frames come no closer than this, in microseconds on the viewer's clock: where all pictures are key frames, they would come by
    /// the hundred.
    private static let shortestStep = 40_000.0
    /// A file may have any number of samples without a byte: nobody waits for all of them at once.
    private static let mostSamples = 20_000
    /// An event loop has others to look after.
    private static let mostSamplesAtHand = 500
    private static let mostSkipped = 1000

    /// Each as it is at the beginning.
    private let program: MovieProgram
    private var tracks: [PlayoutTrack]
    private var isReliable = false
    private var stride = Stride.all
    private var scale = 1.0
    /// Where in the movie the present cue begins, and where it ends.
    private var position: Int64 = 0
    private var end: Int64?
    /// Microseconds on the viewer's clock, since the session began: where the present cue begins, and how far packets were made.
    private var began: Int64 = 0
    private var reached: Int64?

    /// `random` chooses where numbers and times begin (RFC 3550 §5.1).
    package init(_ program: MovieProgram, random: () -> UInt32) {
        self.program = program
        var known: Set<UInt32> = []
        tracks = program.tracks.map { track in
            var ssrc = random()
            while !known.insert(ssrc).inserted { ssrc &+= 1 }
            return PlayoutTrack(
                track, ssrc: ssrc, sequenceNumber: UInt16(truncatingIfNeeded: random()), timestamp: random())
        }
    }

    /// Of each track, as long as the session lives.
    package var sources: [UInt32] { tracks.map(\.heading.ssrc) }

    /// Nothing is left of what the cue asked for.
    package var isAtEnd: Bool { tracks.allSatisfy { $0.next == nil } }

    /// When the next packet is due, in microseconds; `nil` at the end.
    package var nextDue: Int64? { nextTrack.map { tracks[$0].due } }

    // MARK: Where it plays

    /// Begins anew somewhere: at the sync sample at or before the position of `cue`.
    package mutating func start(_ cue: PlayoutCue) -> PlayoutStart {
        let leading = leadingTrack(of: cue.channels)
        prepare(cue)
        for index in tracks.indices {
            tracks[index].heading.channel = cue.channels[index] ?? 0
            if let number = cue.sequenceNumbers[index] { tracks[index].heading.sequenceNumber = number }
            let isPlayed = cue.channels[index] != nil && (scale == 1 || tracks[index].isVideo)
            if !isPlayed || index == leading { tracks[index].move(to: nil) }
        }
        if let leading {
            // Who asks for a position that we told, rounded, gets it.
            let asked = cue.position > 0 ? cue.position &+ 1000 : 0
            let sample = tracks[leading].firstSample(at: asked, isLeading: true)
            let shown = tracks[leading].packets.presentationTime(ofSample: sample)
            position = max(0, min(cue.position, shown))
            if shown > cue.position, shown <= cue.position &+ 1000 { position = shown }
            tracks[leading].move(to: sample)
        }
        for index in tracks.indices where cue.channels[index] != nil && index != leading {
            guard scale == 1 || tracks[index].isVideo else { continue }
            tracks[index].move(to: tracks[index].firstSample(at: position, isLeading: false))
        }
        for index in tracks.indices {
            tracks[index].anchor(position: position, elapsed: began, scale: scale)
            endIfBeyond(index)
        }
        return told(position)
    }

    /// Goes on with the next packet, until `end`. `position` is where the viewer is, who was sent more than that perhaps; `unsent` the
    /// numbers of the packets that were made and not sent.
    package mutating func resume(until end: Int64?, at position: Int64, unsent: [Int: UInt16]) -> PlayoutStart {
        self.end = end
        for index in tracks.indices { endIfBeyond(index) }
        return told(max(0, position), unsent: unsent)
    }

    /// Forgets what was read ahead: who pauses keeps no memory.
    package mutating func rest() {
        for index in tracks.indices { tracks[index].packets.release() }
    }

    private mutating func prepare(_ cue: PlayoutCue) {
        scale = cue.scale == 0 || !cue.scale.isFinite ? 1 : cue.scale
        stride = scale < 0 ? .keyFramesBackwards : scale > Self.fastestWhole ? .keyFrames : .all
        end = cue.end
        isReliable = cue.isReliable
        began = reached.map { $0 + Self.gap } ?? 0
        position = max(0, cue.position)
    }

    /// The pictures say where it begins; where there are none, the first track does.
    private func leadingTrack(of channels: [Int: UInt8]) -> Int? {
        tracks.indices.first { channels[$0] != nil && tracks[$0].isVideo }
            ?? tracks.indices.first { channels[$0] != nil }
    }

    private func told(_ position: Int64, unsent: [Int: UInt16] = [:]) -> PlayoutStart {
        PlayoutStart(
            position: position, end: toldEnd, scale: scale, firstDue: nextDue ?? position,
            tracks: tracks.indices.filter { tracks[$0].next != nil || unsent[$0] != nil }.map { index in
                PlayoutStart.Track(
                    index: index, sequenceNumber: unsent[index] ?? tracks[index].heading.sequenceNumber,
                    timestamp: tracks[index].timestamp(at: position))
            }
        )
    }

    /// No further than the movie goes.
    private var toldEnd: Int64 {
        guard scale > 0 else { return end ?? 0 }
        guard let end else { return program.duration }
        return program.duration > 0 ? min(end, program.duration) : end
    }

    // MARK: What comes next

    /// Adds the packets that are due up to `due`, in microseconds, until the batch has `bytes`; the last sample is added whole.
    ///
    /// Throws where the file cannot be read; what was made before stays in the batch, and the track is at its end. Where the batch does
    /// not let it wait, and it has to, it throws `.notAtHand`, and goes on from there the next time.
    package mutating func fill(_ batch: inout PacketBatch, until due: Int64, bytes: Int) throws(MovieError) {
        // To find key frames the hint samples are read that send them.
        if !batch.mayWait, stride != .all { throw .notAtHand }
        batch.wanted = bytes
        // What is at hand is soon had again, and goes through memory that is in the processor's cache.
        defer { if !batch.mayWait { rest() } }
        for _ in 0..<(batch.mayWait ? Self.mostSamples : Self.mostSamplesAtHand) {
            guard batch.bytes.readableBytes < bytes, let index = nextTrack, let sample = tracks[index].next,
                scale < 0 ? tracks[index].due >= due : tracks[index].due <= due
            else { return }
            batch.heading = tracks[index].heading
            batch.track = index
            batch.leavesOutRepeated = isReliable
            let written = batch.entries.count
            do throws(MovieError) {
                try tracks[index].packets.write(sample: sample, to: &batch)
            } catch .notAtHand {
                batch.takeBack(to: written)
                throw .notAtHand
            } catch {
                tracks[index].heading.sequenceNumber = batch.heading.sequenceNumber
                tracks[index].move(to: nil)
                throw error
            }
            tracks[index].heading.sequenceNumber = batch.heading.sequenceNumber
            if batch.entries.count > written { note(batch.entries[written], of: index, in: batch) }
            tracks[index].move(to: following(sample, of: index))
            endIfBeyond(index)
        }
    }

    /// How far RTP time has come: a picture is shown some time after it is due.
    private mutating func note(_ entry: PacketBatch.Entry, of index: Int, in batch: PacketBatch) {
        let clockRate = tracks[index].clockRate
        guard let timestamp: UInt32 = batch.bytes.getInteger(at: entry.offset + 4), clockRate > 0 else { return }
        let later = Int32(bitPattern: timestamp &- tracks[index].timestamp(at: entry.due))
        let elapsed = Double(entry.due &- position) / scale + Double(later) * 1e6 / Double(clockRate)
        reached = max(reached ?? 0, began &+ (Int64(exactly: elapsed.rounded()) ?? 0))
    }

    /// The track whose packets are due first.
    private var nextTrack: Int? {
        var first: Int?
        for index in tracks.indices where tracks[index].next != nil {
            guard let other = first else {
                first = index
                continue
            }
            let isEarlier = tracks[index].due < tracks[other].due
            if scale < 0 ? tracks[index].due > tracks[other].due : isEarlier { first = index }
        }
        return first
    }

    private mutating func endIfBeyond(_ index: Int) {
        guard let end, tracks[index].next != nil else { return }
        if scale < 0 ? tracks[index].due < end : tracks[index].due >= end { tracks[index].move(to: nil) }
    }

    private func following(_ sample: Int, of index: Int) -> Int? {
        switch stride {
        case .all: return sample + 1
        case .keyFrames:
            let packets = tracks[index].packets
            return spaced(from: sample, packets) { packets.syncSample(after: $0) }
        case .keyFramesBackwards:
            let packets = tracks[index].packets
            return spaced(from: sample, packets) { packets.syncSample(before: $0) }
        }
    }

    private func spaced(from sample: Int, _ packets: any TrackPackets, _ step: (Int) -> Int?) -> Int? {
        let due = packets.dueTime(ofSample: sample)
        let least = Self.shortestStep * scale.magnitude
        var next = step(sample)
        for _ in 0..<Self.mostSkipped {
            guard let candidate = next else { return nil }
            let distance = packets.dueTime(ofSample: candidate) &- due
            if Double(distance.magnitude) >= least { return candidate }
            next = step(candidate)
        }
        return next
    }
}
