import ISOMedia
import NIOCore

/// When the packets of a movie that plays over and over are sent: RTP time runs on from round to round, and so does the clock.
struct BroadcastTimeline {
    private struct Round {
        let start: PlayoutStart
        let pace: PlayoutPace
    }

    /// Between the last packet of a round and the next round where RTP time says nothing of use.
    private static let gap = TimeAmount.milliseconds(40)
    /// The last picture is shown some time after it is sent, but not so much later: a damaged movie is not to keep its viewers waiting.
    private static let longestWait = 10.0

    private let clockRates: [Int]
    private var last: Round?

    /// In Hz, of each track; 0 where nobody says.
    init(clockRates: [Int]) {
        self.clockRates = clockRates
    }

    /// The pace of a round that begins; `due` is when the last packet of the round before is due, in microseconds of the movie.
    mutating func began(_ start: PlayoutStart, after due: Int64, at now: NIODeadline) -> PlayoutPace {
        let pace =
            last.map { PlayoutPace(from: start.position, at: beginning(of: start, after: $0, due), rate: 1) }
            ?? PlayoutPace(from: start.firstDue, at: now, rate: 1)
        last = Round(start: start, pace: pace)
        return pace
    }

    /// When the movie is at the position where the round begins.
    private func beginning(of start: PlayoutStart, after last: Round, _ due: Int64) -> NIODeadline {
        let end = last.pace.deadline(of: due)
        for track in start.tracks {
            guard let before = last.start.tracks.first(where: { $0.index == track.index }),
                clockRates[track.index] > 0
            else { continue }
            let rate = clockRates[track.index]
            let then = last.start.timestamp(of: before, clockRate: rate, at: due)
            let seconds = Double(Int32(bitPattern: track.timestamp &- then)) / Double(rate)
            guard (0...Self.longestWait).contains(seconds) else { continue }
            return end + .nanoseconds(Int64(seconds * 1e9))
        }
        return end + Self.gap
    }
}
