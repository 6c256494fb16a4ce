import ISOMedia
import NIOCore
import RTP
import Reflector

/// The sender reports of a movie's tracks: what they say, and when they are due (RFC 3550 §6.4.1).
struct MovieReports {
    /// A play that has begun: what ties RTP time to the wall clock.
    private struct Play {
        let start: PlayoutStart
        /// Where the sending was in the movie, in microseconds, when the wall clock was at `wallClock`, in nanoseconds since 1970.
        let from: Int64
        let wallClock: Int64
    }

    private static let interval = TimeAmount.seconds(5)

    /// The SSRC of each track.
    let sources: [UInt32]
    /// Those that were sent something and have not left.
    private var present: Set<Int> = []
    private let clockRates: [Int]
    private var packets: [UInt32]
    private var octets: [UInt32]
    private var play: Play?
    private var sent = SentReports()
    /// When the next ones are due.
    private(set) var next = NIODeadline.distantFuture

    init(sources: [UInt32], clockRates: [Int]) {
        self.sources = sources
        self.clockRates = clockRates
        packets = Array(repeating: 0, count: sources.count)
        octets = packets
    }

    /// Packets flow from `now` on: the first report goes ahead of them.
    mutating func began(_ start: PlayoutStart, from position: Int64, at now: NIODeadline, wallClock: Int64) {
        play = Play(start: start, from: position, wallClock: wallClock)
        next = now
        present.formUnion(start.tracks.map(\.index))
    }

    func isDue(at now: NIODeadline) -> Bool { now >= next }

    /// A packet of `length` bytes goes out, header included.
    mutating func count(_ entry: PacketBatch.Entry) {
        packets[entry.track] &+= 1
        octets[entry.track] &+= UInt32(truncatingIfNeeded: entry.length - 12)
    }

    /// The reports of all tracks that are played and have a clock, with the sending at `time` of the movie, in microseconds.
    ///
    /// What the answer to PLAY tells, and no time before it, belongs to the moment of the answer, though pictures are sent before they
    /// are shown: ffmpeg takes a report of a time before the one in RTP-Info for one of hours later.
    mutating func make(at time: Int64, now: NIODeadline) -> [(track: Int, packet: ByteBuffer)] {
        next = now + Self.interval
        guard let play else { return [] }
        let start = play.start
        let lead = start.scale < 0 ? 0 : max(0, start.position &- start.firstDue)
        let time = start.scale < 0 ? min(time, start.position) : max(time &+ lead, start.position)
        let elapsed = Double(time &- lead &- play.from) / start.scale * 1000
        let ntp = NTPTime(unixNanoseconds: play.wallClock &+ (Int64(exactly: elapsed.rounded()) ?? 0))
        return start.tracks.compactMap { track in
            guard clockRates[track.index] > 0 else { return nil }
            let report = SenderReport(
                ssrc: sources[track.index], ntp: ntp,
                rtpTimestamp: start.timestamp(of: track, clockRate: clockRates[track.index], at: time),
                packetCount: packets[track.index], octetCount: octets[track.index])
            sent.note(ntp.middle32, of: track.index, at: now)
            var packet = ByteBufferAllocator().buffer(capacity: 64)
            RTCPCompound.write(report, cname: "heliograph", into: &packet)
            return (track.index, packet)
        }
    }

    /// The end of all tracks that were played and have not left yet.
    mutating func goodbyes() -> [(track: Int, packet: ByteBuffer)] {
        let leaving = present.sorted()
        present = []
        return leaving.map { track in
            var packet = ByteBufferAllocator().buffer(capacity: 64)
            let report = ReceiverReport(ssrc: sources[track], reports: [])
            RTCPCompound.writeGoodbye(report, cname: "heliograph", into: &packet)
            return (track, packet)
        }
    }

    /// When the viewer was sent the report of a track with that middle of its time.
    func sent(_ middle32: UInt32, of track: Int) -> NIODeadline? {
        sent.sent(middle32, of: track)
    }
}
