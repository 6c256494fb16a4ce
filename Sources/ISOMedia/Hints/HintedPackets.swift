import NIOCore

/// The packets that a hint track tells to send: its recipes carried out, straight from the file into a batch.
///
/// The relative time of a packet moves when it is sent and never its timestamp; `tsro` and `snro` are part of what a sender makes
/// up anyway. What cannot be made, because a reference points outside or a sample is damaged, is left out and counted.
package struct HintedPackets: PartedPackets {
    package let track: HintTrack
    /// Packets that could not be made so far; of a sample that is damaged, or makes more than anybody sends at
    /// once, one for all that would have followed.
    package private(set) var leftOut = 0

    let bytes: any RandomAccessBytes
    private(set) var synchronization: HintSynchronization
    private(set) var edits: EditList
    private var own: HintSource
    /// The hint track once more, for hint samples that have payload of another one.
    private var others: HintSource
    private var lookahead = HintLookahead()
    private var sources: [HintSource?]

    /// A hint sample tells where payload is, or has it: a picture's is the largest.
    private static let largestSample = 16 << 20
    /// Nobody sends a packet that much before or after its time, in microseconds.
    private static let farthestTime: Int64 = 10_000_000
    /// Hinters that round are a packet off.
    private static let largestDrift: Int64 = 1_000_000
    /// Hint samples behind each other of pictures that are shown in another order.
    private static let reordered = 32
    private static let readAhead = 128 * 1024
    /// Of hint samples that hold no payload: some seconds of them, for media lies between.
    private static let smallReadAhead = 16 * 1024

    /// Throws `.nothingToPlay` for a track without samples, and for one that refers to the wrong sound.
    package init(_ track: HintTrack, in bytes: any RandomAccessBytes) throws(MovieError) {
        guard track.track.samples.count > 0 else {
            throw .nothingToPlay("hint track \(track.track.id) has no samples")
        }
        self.track = track
        self.bytes = bytes
        edits = track.track.edits
        synchronization = HintSynchronization(of: track, in: bytes)
        guard edits.isSimple || synchronization.playing(0) != nil else {
            throw .nothingToPlay("hint track \(track.track.id) has another edit list than the track it is about")
        }
        if let drift = synchronization.drift, drift.magnitude > Self.largestDrift {
            throw .nothingToPlay("hint track \(track.track.id) refers to other sound than its times say")
        }
        let refers = synchronization.refers
        own = HintSource(track.track, in: bytes, readAhead: refers ? Self.smallReadAhead : Self.readAhead)
        others = HintSource(track.track, in: bytes, readAhead: Self.readAhead)
        sources = track.sources.map { source in
            source.map { HintSource($0, in: bytes, readAhead: Self.readAhead) }
        }
        takeReordered()
    }

    /// Pictures that the edit list shows may stand behind others that it shows no more.
    private mutating func takeReordered() {
        guard isPicture, let last = edits.segments.last(where: { $0.mediaTime != nil })?.end else { return }
        for index in sampleCount..<min(sampleCount + Self.reordered, track.track.samples.count)
        where presentationTime(ofSample: index) < last {
            synchronization.sampleCount = index + 1
        }
    }

    package var sampleCount: Int { synchronization.sampleCount }
    package func isSync(_ index: Int) -> Bool { synchronization.isSync(index) }
    package func syncSample(for time: Int64) -> Int { synchronization.syncSample(for: time) }
    package func syncSample(after index: Int) -> Int? { synchronization.syncSample(after: index) }
    package func syncSample(before index: Int) -> Int? { synchronization.syncSample(before: index) }

    package func dueTime(ofSample index: Int) -> Int64 {
        let samples = track.track.samples
        let last = max(0, samples.count - 1)
        return due(samples.sample(at: min(max(0, index), last))?.decodeTime ?? 0)
    }

    package func rtpTime(at presentationTime: Int64) -> Int64 {
        MovieTime.convert(presentationTime, from: MovieTime.microseconds, to: track.clockRate)
    }

    /// Of the first packet: its timestamp tells. Reads the file.
    package func presentationTime(ofSample index: Int) -> Int64 {
        let samples = track.track.samples
        let last = max(0, samples.count - 1)
        let time = edits.unboundedTime(ofMedia: samples.sample(at: min(max(0, index), last))?.decodeTime ?? 0)
        return shown(time, later: synchronization.firstPacket(ofSample: index)?.timestampOffset ?? 0)
    }

    /// `offset` in units of the RTP clock behind a time in microseconds.
    private func shown(_ time: Int64, later offset: Int32) -> Int64 {
        let shown = time &+ MovieTime.convert(Int64(offset), from: track.clockRate, to: MovieTime.microseconds)
        return edits.surroundings?.drawnTogether(shown) ?? shown
    }

    /// The number that the hinter gave the first packet, with what it wants added (`snro`); 0 where there is none soon. Reads the
    /// file.
    package var firstSequence: UInt16 {
        let first = (0..<min(16, sampleCount)).lazy.compactMap { synchronization.firstPacket(ofSample: $0) }.first
        return first.map { $0.sequenceNumber &+ UInt16(truncatingIfNeeded: track.sequenceOffset) } ?? 0
    }

    /// What plays all that the hint track's edit list shows.
    package var whole: any TrackPackets { EditedPackets.whole(self) }

    var edited: MovieTrack { track.track }

    var isPicture: Bool { track.kind == .video }

    func playing(_ part: Int, _ surroundings: EditSurroundings?) -> HintedPackets {
        var playing = self
        playing.edits = track.track.edits.part(part, surroundings)
        playing.synchronization = synchronization.playing(part) ?? synchronization
        playing.takeReordered()
        return playing
    }

    /// Gives back what was read ahead: who waits needs no memory.
    package mutating func release() {
        own.release()
        others.release()
        for index in sources.indices { sources[index]?.release() }
    }

    package mutating func write(sample index: Int, to batch: inout PacketBatch) throws(MovieError) {
        let known = leftOut
        do throws(MovieError) {
            try writePackets(ofSample: index, to: &batch)
        } catch {
            // It will be asked for again.
            if error == .notAtHand { leftOut = known }
            throw error
        }
    }

    private mutating func writePackets(
        ofSample index: Int, to batch: inout PacketBatch
    ) throws(MovieError) {
        guard let place = own.sample(at: index) else {
            throw .malformed(box: "stbl", at: 0, reason: "hint track \(track.track.id) has no sample \(index + 1)")
        }
        guard place.size <= Self.largestSample else {
            leftOut += 1
            return
        }
        let sample = HintSample(try own.read(place, batch.reading))
        let traits = try traits(of: sample, at: index, mayWait: batch.mayWait)
        var moment = HintMoment(index: index, due: due(place.decodeTime), traits: traits)
        moment.shown = edits.unboundedTime(ofMedia: place.decodeTime)
        moment.media = rtpTime(at: moment.shown)
        var rest = sample
        while true {
            switch rest.next() {
            case .packet(let packet):
                guard moment.budget.takesPacket() else {
                    leftOut += 1
                    return
                }
                try write(packet, of: sample, at: &moment, to: &batch)
            case .end: return
            case .damaged:
                leftOut += 1
                return
            }
        }
    }

    private func due(_ decodeTime: Int64) -> Int64 {
        edits.dueTime(ofMedia: decodeTime)
    }

    /// In units of the RTP clock.
    private func time(of packet: HintPacket, at moment: HintMoment) -> Int64 {
        let time = moment.media &+ Int64(packet.timestampOffset)
        guard let surroundings = edits.surroundings else { return time }
        let offset = MovieTime.convert(Int64(packet.timestampOffset), from: track.clockRate, to: MovieTime.microseconds)
        let drawn = surroundings.drawnTogether(moment.shown &+ offset)
        return drawn == moment.shown &+ offset ? time : rtpTime(at: drawn)
    }

    private mutating func traits(
        of sample: HintSample, at index: Int, mayWait: Bool
    ) throws(MovieError) -> PacketBatch.Traits {
        let isSync = try synchronization.isSync(index, reading: sample, recalling: &lookahead, mayWait: mayWait)
        return isSync ? .startsRandomAccess : []
    }

    private mutating func write(
        _ packet: HintPacket, of sample: HintSample, at moment: inout HintMoment, to batch: inout PacketBatch
    ) throws(MovieError) {
        var traits: PacketBatch.Traits = packet.isDisposable ? .disposable : []
        if packet.isRepeated { traits.insert(.repeated) } else { traits.formUnion(moment.traits) }
        let relative = MovieTime.convert(
            Int64(packet.relativeTime), from: track.track.timescale, to: MovieTime.microseconds)
        batch.begin(
            due: moment.due &+ min(max(relative, -Self.farthestTime), Self.farthestTime),
            at: time(of: packet, at: moment), payloadType: packet.payloadType, marker: packet.marker,
            hasExtension: packet.hasExtension, hasPadding: packet.hasPadding, traits: traits)
        let isWhole: Bool
        do {
            isWhole = try append(packet, of: sample, at: &moment, to: &batch)
        } catch {
            batch.cancel()
            throw error
        }
        guard isWhole else {
            batch.cancel()
            leftOut += 1
            return
        }
        guard batch.end() else {
            leftOut += 1
            return
        }
        if !packet.isRepeated { moment.traits = [] }
    }

    /// The payload; false where a piece of it cannot be had, or there is none.
    private mutating func append(
        _ packet: HintPacket, of sample: HintSample, at moment: inout HintMoment, to batch: inout PacketBatch
    ) throws(MovieError) -> Bool {
        var length = 0
        for index in 0..<packet.constructorCount {
            guard let constructor = sample.constructor(index, of: packet) else { return false }
            let isThere: Bool
            switch constructor {
            case .nothing:
                continue
            case .invalid:
                return false
            case .immediate(let offset, let count):
                length += count
                isThere = moment.budget.takes(count) && append(sample, offset, count, to: &batch)
            case .sample(let reference) where reference.track < 0:
                length += reference.length
                isThere = try appendOwn(reference, of: sample, at: &moment, to: &batch)
            case .sample(let reference):
                length += reference.length
                guard reference.track < sources.count else { return false }
                isThere = try sources[reference.track]?.append(reference, to: &batch, within: &moment.budget) ?? false
            case .description(let reference):
                length += reference.length
                isThere = appendDescription(reference, at: &moment, to: &batch)
            }
            guard isThere, length < PacketBatch.maximumPacketLength else { return false }
        }
        return length > 0
    }

    private func append(_ sample: HintSample, _ offset: Int, _ count: Int, to batch: inout PacketBatch) -> Bool {
        guard let slice = sample.bytes.getSlice(at: sample.bytes.readerIndex + offset, length: count) else {
            return false
        }
        batch.append(slice)
        return true
    }

    /// Out of the hint track: mostly what stands behind the packets of this very sample.
    private mutating func appendOwn(
        _ reference: HintConstructor.SampleReference, of sample: HintSample, at moment: inout HintMoment,
        to batch: inout PacketBatch
    ) throws(MovieError) -> Bool {
        guard reference.track == -1 else { return false }
        guard reference.sample == moment.index + 1 else {
            return try others.append(reference, to: &batch, within: &moment.budget)
        }
        guard moment.budget.takesPiece(reference.length) else { return false }
        return append(sample, reference.offset, reference.length, to: &batch)
    }

    private func appendDescription(
        _ reference: HintConstructor.DescriptionReference, at moment: inout HintMoment, to batch: inout PacketBatch
    ) -> Bool {
        if reference.track == -1 { return own.append(reference, to: &batch, within: &moment.budget) }
        guard reference.track >= 0, reference.track < sources.count else { return false }
        return sources[reference.track]?.append(reference, to: &batch, within: &moment.budget) ?? false
    }
}

/// What the packets of one hint sample have in common.
private struct HintMoment {
    let index: Int
    /// In microseconds of the presentation.
    let due: Int64
    /// Of the first packet that is sent; none for the others.
    var traits: PacketBatch.Traits
    /// When it is shown but for what its packets say, in microseconds, and in units of the RTP clock.
    var shown: Int64 = 0
    var media: Int64 = 0
    var budget = HintBudget()

    init(index: Int, due: Int64, traits: PacketBatch.Traits) {
        self.index = index
        self.due = due
        self.traits = traits
    }
}
