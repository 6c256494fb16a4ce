import ISOMedia
import NIOCore

/// A track of a movie that nobody wrote: each sample is some packets, which say in their payload which sample they are of.
package struct FakePackets: TrackPackets {
    package var sampleCount: Int
    /// Of a sample, in microseconds.
    package var interval: Int64
    /// Every so many samples decoding can begin.
    package var syncInterval: Int
    package var clockRate: Int64
    package var packetsPerSample: Int
    /// Of a packet's payload, in bytes.
    package var size: Int
    /// How long after it is decoded each is shown: of the first sample of three, the second, the third.
    package var reordering: [Int64]
    /// When the first one is due, in microseconds.
    package var beginning: Int64
    /// The file ends before this sample.
    package var brokenFrom = Int.max
    package var payloadType: UInt8 = 96
    /// The first packet of a sample comes again behind its last, against loss.
    package var isRepeated = false
    /// Looked into for every sample.
    package var file: (any RandomAccessBytes)?

    package init(
        samples: Int, interval: Int64, syncInterval: Int = 1, clockRate: Int64 = 90_000, packetsPerSample: Int = 1,
        size: Int = 100, reordering: [Int64] = [], beginning: Int64 = 0
    ) {
        sampleCount = samples
        self.interval = interval
        self.syncInterval = syncInterval
        self.clockRate = clockRate
        self.packetsPerSample = packetsPerSample
        self.size = size
        self.reordering = reordering
        self.beginning = beginning
    }

    /// 25 pictures a second, a key frame every second.
    package static func video(seconds: Int) -> FakePackets {
        FakePackets(samples: seconds * 25, interval: 40_000, syncInterval: 25, packetsPerSample: 3, size: 1000)
    }

    /// 50 pieces a second.
    package static func audio(seconds: Int) -> FakePackets {
        FakePackets(samples: seconds * 50, interval: 20_000, clockRate: 8000, size: 160)
    }

    package var leftOut: Int { 0 }

    package mutating func release() {}

    package func dueTime(ofSample index: Int) -> Int64 { beginning + Int64(index) * interval }

    package func presentationTime(ofSample index: Int) -> Int64 {
        dueTime(ofSample: index) + (reordering.isEmpty ? 0 : reordering[index % reordering.count])
    }

    package func rtpTime(at presentationTime: Int64) -> Int64 {
        Int64((Double(presentationTime) * Double(clockRate) / 1e6).rounded())
    }

    package func isSync(_ index: Int) -> Bool { index % syncInterval == 0 }

    package func syncSample(for time: Int64) -> Int {
        let at = (time - beginning - (reordering.first ?? 0)) / interval
        let shown = Int(max(0, min(Int64(sampleCount) - 1, at)))
        return shown / syncInterval * syncInterval
    }

    package func syncSample(after index: Int) -> Int? {
        let next = (index / syncInterval + 1) * syncInterval
        return next < sampleCount ? next : nil
    }

    package func syncSample(before index: Int) -> Int? {
        index <= 0 ? nil : (index - 1) / syncInterval * syncInterval
    }

    package mutating func write(sample index: Int, to batch: inout PacketBatch) throws(MovieError) {
        guard index < brokenFrom else { throw .truncated(at: Int64(index)) }
        _ = try file?.read(at: 0, count: 1)
        for packet in 0..<packetsPerSample + (isRepeated ? 1 : 0) {
            let isLast = packet == packetsPerSample - 1
            batch.begin(
                due: dueTime(ofSample: index), at: rtpTime(at: presentationTime(ofSample: index)),
                payloadType: payloadType, marker: isLast,
                traits: packet == packetsPerSample ? .repeated : isSync(index) ? .startsRandomAccess : [])
            var payload = ByteBuffer(integer: UInt32(index))
            payload.writeRepeatingByte(UInt8(truncatingIfNeeded: packet), count: isLast ? size / 2 : size)
            batch.append(payload)
            batch.end()
        }
    }
}

extension MovieProgram {
    /// A movie of these tracks; video has type 96, sound 0.
    package static func fake(
        video: FakePackets? = nil, audio: FakePackets? = nil, duration: Int64
    ) throws(MovieError) -> MovieProgram {
        var tracks: [Track] = []
        if let video {
            let lines = "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
            if let track = Track(lines: lines, packets: video) { tracks.append(track) }
        }
        if var audio {
            audio.payloadType = 0
            if let track = Track(lines: "m=audio 0 RTP/AVP 0\r\n", packets: audio) { tracks.append(track) }
        }
        return try MovieProgram(tracks: tracks, duration: duration)
    }
}
