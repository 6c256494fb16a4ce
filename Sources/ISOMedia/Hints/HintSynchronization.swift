import NIOCore

/// Where decoding can begin in a hint track: the media track knows, for hinters write hint tracks of their own mind (QuickTime lists
/// one sync sample for all of a movie, or some that are none).
///
/// The two tracks need not agree sample for sample, nor in their times, so hint samples are asked what they send. Nothing is kept:
/// each question reads a few hint samples of the file.
struct HintSynchronization: Sendable {
    /// How a hint sample is found for a media sample, and the other way round.
    private enum Relation: Sendable {
        /// Decoding can begin anywhere: most sound.
        case everywhere
        /// Hint samples tell, by their references; mostly media sample `difference` before the hint sample of the same index.
        case references(track: Int, difference: Int)
        /// All payload stands in the hint track, whose own table tells.
        case ownTable
        /// All payload stands in the hint track, which has as many samples as the media track.
        case parallel
        /// There is nothing but the time to go by.
        case time
    }

    /// Hint samples there are within the edit list.
    var sampleCount: Int
    /// Whether payload is out of another track.
    let refers: Bool
    private var own: MovieTrack
    private var media: MovieTrack?
    private let relation: Relation
    private let bytes: any RandomAccessBytes

    /// Hint samples without a reference that stand between two that have one, of sound: a few.
    private static let longestGap = 64
    /// The first references of a sample stand at its beginning.
    private static let probeLength = 4096

    init(of track: HintTrack, in bytes: any RandomAccessBytes) {
        own = track.track
        self.bytes = bytes
        sampleCount = Self.sampleCount(of: track.track)
        let probe = Self.probe(track.track, bytes, count: sampleCount)
        refers = probe != nil
        let place = probe?.reference.track ?? track.sources.firstIndex { $0 != nil } ?? 0
        let media = place < track.sources.count ? track.sources[place] : nil
        self.media = media
        if let media, media.samples.hasSyncTable {
            if own.edits.isSimple, !media.edits.isSimple, own.samples.hasSyncTable {
                // The hinter put the parts together, and only its own table tells of that.
                relation = .ownTable
            } else if let probe {
                relation = .references(track: place, difference: probe.index - (probe.reference.sample - 1))
            } else if own.samples.hasSyncTable {
                relation = .ownTable
            } else {
                relation = media.samples.count == own.samples.count ? .parallel : .time
            }
        } else {
            relation = media == nil && own.samples.hasSyncTable ? .ownTable : .everywhere
        }
    }

    /// The same for one of the parts that the edit lists of both tracks show; `nil` where they show other ones.
    func playing(_ part: Int) -> HintSynchronization? {
        var playing = self
        playing.own.edits = own.edits.part(part)
        playing.sampleCount = Self.sampleCount(of: playing.own)
        switch relation {
        case .everywhere, .ownTable: break
        case .references, .parallel, .time:
            guard let media, media.edits.isAlike(own.edits) else { return nil }
            playing.media?.edits = media.edits.part(part)
        }
        return playing
    }

    /// Without those that come when the edit list has ended.
    private static func sampleCount(of track: MovieTrack) -> Int {
        guard let end = track.edits.mediaEnd, end < track.samples.end else { return track.samples.count }
        return end > 0 ? track.samples.index(decodedAt: end - 1) + 1 : 0
    }

    /// The first hint sample that refers to another track; `nil` where none at the beginning does.
    private static func probe(
        _ track: MovieTrack, _ bytes: any RandomAccessBytes, count: Int
    ) -> (index: Int, reference: HintConstructor.SampleReference)? {
        for index in 0..<min(16, count) {
            if let reference = beginning(of: index, track, bytes)?.firstMediaSample() { return (index, reference) }
        }
        return nil
    }

    private static func beginning(of index: Int, _ track: MovieTrack, _ bytes: any RandomAccessBytes) -> HintSample? {
        guard let sample = track.samples.sample(at: index),
            let read = try? bytes.read(at: sample.offset, count: min(sample.size, probeLength))
        else { return nil }
        return HintSample(read, length: sample.size)
    }

    /// How far from its time the last sound is that a hint sample refers to, in microseconds; `nil` where that cannot be told.
    ///
    /// ffmpeg counts packets where it has to count the samples of PCM: what it refers to falls further and further behind.
    var drift: Int64? {
        guard let media, let size = media.samples.uniformSampleSize, size > 0 else { return nil }
        for index in (max(0, sampleCount - 16)..<max(0, sampleCount)).reversed() {
            guard let place = own.samples.sample(at: index),
                let reference = Self.beginning(of: index, own, bytes)?.firstMediaSample()
            else { continue }
            let skipped =
                reference.hasBlocks
                ? reference.offset / reference.bytesPerBlock * reference.samplesPerBlock : reference.offset / size
            guard let sample = media.samples.sample(at: reference.sample - 1 + skipped) else { continue }
            return media.edits.presentationTime(ofMedia: sample.decodeTime)
                - own.edits.presentationTime(ofMedia: place.decodeTime)
        }
        return nil
    }

    /// The first packet of a hint sample; `nil` where it has none.
    func firstPacket(ofSample index: Int) -> HintPacket? {
        guard var sample = Self.beginning(of: index, own, bytes), case .packet(let packet) = sample.next() else {
            return nil
        }
        return packet
    }
}

extension HintSynchronization {
    /// Whether decoding can begin with a hint sample; `sample` is that one, where it has been read.
    func isSync(_ index: Int, reading sample: HintSample? = nil) -> Bool {
        switch relation {
        case .everywhere: return true
        case .ownTable: return own.samples.isSync(index)
        case .references, .parallel, .time:
            guard let media else { return false }
            if let sent = sample.flatMap(reference(in:)) { return media.samples.isSync(sent) }
            let sends = sample?.sendsPackets ?? (firstPacket(ofSample: index) != nil)
            guard sends, let sent = mediaSample(sentBy: index) else { return false }
            return media.samples.isSync(sent)
        }
    }

    /// The same for who goes from one hint sample to the next; throws `.notAtHand` where it is not to wait and has to.
    func isSync(
        _ index: Int, reading sample: HintSample, recalling ahead: inout HintLookahead, mayWait: Bool
    ) throws(MovieError) -> Bool {
        guard case .references = relation, let media, reference(in: sample) == nil else {
            return isSync(index, reading: sample)
        }
        let sent = try referred(from: index, reading: sample, recalling: &ahead, mayWait: mayWait)
        guard let sent, sample.sendsPackets else { return false }
        return media.samples.isSync(sent)
    }

    /// As `TrackPackets` has it; `time` in microseconds of the presentation.
    func syncSample(for time: Int64) -> Int {
        guard case .references = relation, let media else {
            return clamped(syncSampleByTime(time))
        }
        let wanted = media.edits.mediaTime(atPresentation: time)
        var candidate = media.samples.syncIndex(atOrBefore: media.samples.index(decodedAt: wanted))
        // A picture is decoded before it is shown: the last one decoded may be shown later than `time`.
        for _ in 0..<8 {
            guard let found = candidate, let sample = media.samples.sample(at: found),
                sample.compositionTime > wanted
            else { break }
            candidate = media.samples.syncIndex(before: found)
        }
        return clamped(hintSample(sending: candidate ?? 0))
    }

    func syncSample(after index: Int) -> Int? {
        switch relation {
        case .everywhere:
            return index + 1 < sampleCount ? max(0, index + 1) : nil
        case .ownTable:
            return own.samples.syncIndex(after: index).flatMap { $0 < sampleCount ? $0 : nil }
        case .references, .parallel, .time:
            guard let media, var sent = mediaSample(sentBy: index) else { return nil }
            // Several media samples may be sent by one hint sample.
            for _ in 0..<8 {
                guard let next = media.samples.syncIndex(after: sent) else { return nil }
                let found = hintSample(sending: next)
                if found > index { return found < sampleCount ? found : nil }
                sent = next
            }
            return nil
        }
    }

    func syncSample(before index: Int) -> Int? {
        switch relation {
        case .everywhere:
            return index > 0 ? min(index, sampleCount) - 1 : nil
        case .ownTable:
            return own.samples.syncIndex(before: index)
        case .references, .parallel, .time:
            guard let media, var sent = mediaSample(sentBy: index) else { return nil }
            for _ in 0..<8 {
                guard let previous = media.samples.syncIndex(before: sent) else { return nil }
                let found = hintSample(sending: previous)
                // Hint tracks leave out what stands before the edit list begins.
                if found < index { return mediaSample(sentBy: found) == previous ? found : nil }
                sent = previous
            }
            return nil
        }
    }

    private func clamped(_ index: Int) -> Int {
        min(max(0, index), max(0, sampleCount - 1))
    }

    private func syncSampleByTime(_ time: Int64) -> Int {
        let index = own.samples.index(decodedAt: own.edits.mediaTime(atPresentation: time))
        switch relation {
        case .everywhere: return index
        case .ownTable: return own.samples.syncIndex(atOrBefore: index) ?? own.samples.syncIndex(after: index) ?? 0
        case .references, .parallel, .time:
            guard let media, let sent = mediaSample(sentBy: clamped(index)) else { return index }
            return hintSample(sending: media.samples.syncIndex(atOrBefore: sent) ?? 0)
        }
    }
}

extension HintSynchronization {
    /// The media sample, from 0, that a hint sample begins with; of one without packets, that of the next one that has.
    private func mediaSample(sentBy index: Int) -> Int? {
        switch relation {
        case .everywhere, .ownTable, .parallel:
            return index
        case .time:
            guard let media, let place = own.samples.sample(at: index) else { return nil }
            let time = own.edits.presentationTime(ofMedia: place.decodeTime)
            return media.samples.index(decodedAt: media.edits.mediaTime(atPresentation: time))
        case .references:
            return referred(from: max(0, index))
        }
    }

    /// What is too short to be referred to stands in the hint sample: it is counted back from the next reference.
    private func referred(from index: Int) -> Int? {
        var passed = 0
        for candidate in index..<max(index, min(index + Self.longestGap, own.samples.count)) {
            guard let sample = Self.beginning(of: candidate, own, bytes) else { return nil }
            if let found = reference(in: sample) { return max(0, found - passed) }
            if sample.sendsPackets { passed += 1 }
        }
        return nil
    }

    /// The same from a hint sample without a reference on, without looking again at what was looked at before.
    private func referred(
        from index: Int, reading sample: HintSample, recalling ahead: inout HintLookahead, mayWait: Bool
    ) throws(MovieError) -> Int? {
        let sends = sample.sendsPackets
        if ahead.index != index { ahead = HintLookahead(index: index, end: index + 1, passed: sends ? 1 : 0) }
        let limit = min(index + Self.longestGap, own.samples.count)
        while ahead.found == nil, ahead.end < limit {
            let next = mayWait ? Self.beginning(of: ahead.end, own, bytes) : try beginningAtHand(of: ahead.end)
            guard let next else { break }
            ahead.found = reference(in: next)
            guard ahead.found == nil else { break }
            if next.sendsPackets { ahead.passed += 1 }
            ahead.end += 1
        }
        defer { ahead.advance(sends: sends) }
        return ahead.found.map { max(0, $0 - ahead.passed) }
    }

    /// As `beginning`, without waiting.
    private func beginningAtHand(of index: Int) throws(MovieError) -> HintSample? {
        guard let sample = own.samples.sample(at: index) else { return nil }
        let count = min(sample.size, Self.probeLength)
        guard let read = try bytes.readAtHand(at: sample.offset, count: count) else { throw .notAtHand }
        return HintSample(read, length: sample.size)
    }

    private func reference(in sample: HintSample) -> Int? {
        guard case .references(let track, _) = relation, let reference = sample.firstMediaSample(),
            reference.track == track, reference.sample > 0
        else { return nil }
        return reference.sample - 1
    }

    /// The hint sample that sends a media sample; the first one, where it is before all that are sent.
    private func hintSample(sending wanted: Int) -> Int {
        switch relation {
        case .everywhere, .ownTable, .parallel:
            return wanted
        case .time:
            guard let media, let place = media.samples.sample(at: wanted) else { return 0 }
            let time = media.edits.presentationTime(ofMedia: place.decodeTime)
            return own.samples.index(decodedAt: own.edits.mediaTime(atPresentation: time))
        case .references(_, let difference):
            let guess = wanted + difference
            if guess >= 0, guess < own.samples.count, sent(by: guess) == wanted,
                guess == 0 || sent(by: guess - 1).map({ $0 < wanted }) ?? false
            {
                return guess
            }
            let found = (0..<own.samples.count).firstIndex { index in
                mediaSample(sentBy: index).map { $0 >= wanted } ?? true
            }
            if found < own.samples.count, mediaSample(sentBy: found) == wanted { return withPackets(from: found) }
            // It stands in the midst of a packet of sound.
            return max(0, found - 1)
        }
    }

    private func sent(by index: Int) -> Int? {
        Self.beginning(of: index, own, bytes).flatMap(reference(in:))
    }

    /// Hint samples that send nothing may stand before the one that does.
    private func withPackets(from index: Int) -> Int {
        (index..<min(index + Self.longestGap, own.samples.count)).first { firstPacket(ofSample: $0) != nil } ?? index
    }
}
