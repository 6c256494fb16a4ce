import Testing

@testable import Reflector

@Suite("The pace of a track's timestamps, against the clock")
struct TrackPaceTests {
    private static let stamped: UInt32 = 3600

    @Test(
        "K3 a camera that stamps 25 pictures a second and sends 21 keeps to the clock for an hour, and is told of once")
    func slowCamera() throws {
        var track = SimulatedTrack()
        track.send(seconds: 40, each: 1 / 21, step: Self.stamped, jitter: 0.03)
        let finding = try #require(track.findings.first)
        #expect(abs(finding.reading.rate - 0.84) < 0.01)
        #expect(abs(finding.reading.framesPerSecond - 21) < 0.5)
        #expect(finding.isCorrected)
        track.send(seconds: 3600, each: 1 / 21, step: Self.stamped, jitter: 0.03)
        #expect(track.lateness(since: 3600).allSatisfy { abs($0) < 0.15 })
        #expect(track.findings.count == 1)
    }

    @Test("K3 a corrected timestamp never runs back, and none jumps by more than a frame and a fifth")
    func smooth() {
        var track = SimulatedTrack()
        track.send(seconds: 120, each: 1 / 21, step: Self.stamped, jitter: 0.03)
        #expect(track.pace.isCorrecting)
        #expect(track.steps.allSatisfy { $0 > 0.039 && $0 < 0.051 })
    }

    @Test("K3 one that sends more than it stamps is drawn together in the same way")
    func fastCamera() throws {
        var track = SimulatedTrack()
        track.send(seconds: 40, each: 0.04, step: 6000, jitter: 0.02)
        #expect(abs((try #require(track.findings.first)).reading.rate - 1.667) < 0.02)
        track.send(seconds: 600, each: 0.04, step: 6000, jitter: 0.02)
        #expect(track.lateness(since: 600).allSatisfy { abs($0) < 0.15 })
        #expect(track.steps.allSatisfy { $0 > 0 })
    }

    @Test(
        "K3 a rate that changes with the light is followed, and the timestamps are left alone again when they are right"
    )
    func nightAndDay() {
        var track = SimulatedTrack()
        track.send(seconds: 60, each: 1 / 21, step: Self.stamped)
        track.send(seconds: 60, each: 1 / 12.5, step: Self.stamped)
        track.send(seconds: 60, each: 1 / 12.5, step: Self.stamped)
        #expect(track.lateness(since: 60).allSatisfy { abs($0) < 0.15 })
        track.send(seconds: 60, each: 0.04, step: Self.stamped)
        #expect(!track.pace.isCorrecting)
        let last = track.frames.suffix(20).map(\.timestamp)
        #expect(zip(last, last.dropFirst()).allSatisfy { $1 &- $0 == Self.stamped })
        #expect(track.findings.count == 1)
    }

    @Test("K3 what the track is behind is caught up with within half a minute, without a jump")
    func catchesUp() {
        var track = SimulatedTrack()
        track.send(seconds: 17, each: 1 / 21, step: Self.stamped)
        #expect(!track.pace.isCorrecting)
        while !track.pace.isCorrecting { track.send(seconds: 0.04, each: 1 / 21, step: Self.stamped) }
        track.pace.catchUp(0.4)
        let before = track.seconds - track.time
        track.send(seconds: 40, each: 1 / 21, step: Self.stamped)
        #expect(abs(track.seconds - track.time - before - 0.4) < 0.06)
        #expect(track.steps.allSatisfy { $0 > 0.039 && $0 < 0.053 })
    }

    @Test("K8 a sample rate that is twice the real one is measured, and the timestamps run on the clock that was told")
    func wrongSampleRate() throws {
        var track = SimulatedTrack(clockRate: 16_000)
        track.send(seconds: 40, each: 0.02, step: 160, jitter: 0.03)
        let finding = try #require(track.findings.first)
        #expect(abs(finding.reading.rate * Double(finding.clockRate) - 8000) < 100)
        track.send(seconds: 300, each: 0.02, step: 160, jitter: 0.03)
        #expect(track.lateness(since: 300).allSatisfy { abs($0) < 0.15 })
    }

    @Test("K3 a camera whose quartz is off by a thousandth is left alone", arguments: [0.999, 1.001])
    func ordinary(rate: Double) {
        var track = SimulatedTrack()
        track.send(seconds: 1200, each: 0.04 * rate, step: Self.stamped, jitter: 0.2)
        expectUntouched(track)
    }

    @Test("K3 stalls, outages, bursts, groups that come in one piece and queues that fill and empty are no wrong rate")
    func networks() {
        var stalls = SimulatedTrack()
        stalls.send(seconds: 300, each: 0.04, step: Self.stamped) {
            $0.truncatingRemainder(dividingBy: 7) < 0.1 ? 3 : 0
        }
        expectUntouched(stalls)

        // The timestamps stand still through the first outage, and not through the second.
        var outages = SimulatedTrack()
        for _ in 0..<5 {
            outages.send(seconds: 20, each: 0.04, step: Self.stamped, jitter: 0.05)
            outages.pause(seconds: 4)
            outages.send(seconds: 20, each: 0.04, step: Self.stamped, jitter: 0.05)
            outages.pause(seconds: 4)
            outages.timestamp &+= 360_000
        }
        expectUntouched(outages)

        for length in [0.5, 1.0, 2.0, 4.0, 10.0] {
            var groups = SimulatedTrack()
            groups.send(seconds: 300, each: 0.04, step: Self.stamped, jitter: 0.02) {
                length - $0.truncatingRemainder(dividingBy: length)
            }
            expectUntouched(groups)
        }

        // A tenth of what is sent stays behind for ten seconds, then it comes at once.
        var queue = SimulatedTrack()
        queue.send(seconds: 600, each: 0.04, step: Self.stamped, jitter: 0.02) {
            $0.truncatingRemainder(dividingBy: 10) / 10
        }
        expectUntouched(queue)
    }

    @Test("K3 pictures out of the order in which they are shown, and few pictures, are measured as well as others")
    func orders() {
        for isRight in [true, false] {
            let each = isRight ? 0.04 : 1 / 21.0
            var reordered = SimulatedTrack()
            for _ in 0..<600 {
                // I, P, B, B: the times of presentation run 0, 3, 1, 2.
                for step in [10_800, UInt32(0) &- 7200, 3600, 7200] as [UInt32] {
                    reordered.send(seconds: each / 2, each: each, step: step)
                }
            }
            #expect(reordered.pace.isCorrecting == !isRight)
            var few = SimulatedTrack()
            few.send(seconds: 600, each: isRight ? 5 : 6, step: 450_000, jitter: 0.05)
            #expect(few.pace.isCorrecting == !isRight)
        }
    }

    @Test(
        "K3 a source that comes back goes on as it was known, and another one in its place is left alone after seconds")
    func returns() {
        var track = SimulatedTrack()
        track.send(seconds: 60, each: 1 / 21, step: Self.stamped)
        track.pace.sourceEnded()
        track.send(seconds: 3, each: 1 / 21, step: Self.stamped)
        #expect(track.lateness(since: 3).allSatisfy { abs($0) < 0.05 })
        track.pace.sourceEnded()
        track.send(seconds: 8, each: 0.04, step: Self.stamped)
        #expect(!track.pace.isCorrecting)
        #expect(track.steps.allSatisfy { $0 > 0.039 && $0 < 0.051 })
    }

    @Test("K3 what is sent faster than any camera is told of, once, and not touched")
    func beyondBelief() {
        var track = SimulatedTrack()
        track.send(seconds: 120, each: 0.004, step: Self.stamped)
        #expect(track.findings.map(\.isCorrected) == [false])
        #expect(track.steps.allSatisfy { $0 == 0.04 })
    }

    @Test("K3 K4 a second picture under one timestamp gets a tick of its own where timestamps are drawn together, too")
    func separated() {
        var track = SimulatedTrack()
        track.send(seconds: 60, each: 0.04, step: 6000)
        let next = track.pace.outgoing(track.timestamp)
        track.pace.separateFrame()
        #expect(Int32(bitPattern: track.pace.outgoing(track.timestamp &+ 1) &- next) > 0)
    }

    private func expectUntouched(_ track: SimulatedTrack, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(!track.pace.isCorrecting, sourceLocation: sourceLocation)
        #expect(track.findings.isEmpty, sourceLocation: sourceLocation)
        #expect(track.pace.outgoing(77) == 77, sourceLocation: sourceLocation)
    }
}
