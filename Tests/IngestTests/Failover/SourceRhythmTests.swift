import NIOCore
import Testing

@testable import Ingest

@Suite("How long a source may be silent, by how often it sends")
struct SourceRhythmTests {
    private static let least = TimeAmount.seconds(2)

    private func rhythm(_ intervals: [Double]) -> (SourceRhythm, NIODeadline) {
        var rhythm = SourceRhythm()
        var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
        rhythm.heard(at: now)
        for interval in intervals {
            now = now + .nanoseconds(Int64(interval * 1e9))
            rhythm.heard(at: now)
        }
        return (rhythm, now)
    }

    @Test("One that sends often is silent after the least time, a hiccup of nearly that length changes nothing")
    func often() {
        let (rhythm, now) = rhythm(Array(repeating: 0.1, count: 50) + [1.9] + Array(repeating: 0.1, count: 3))
        #expect(!rhythm.isSilent(at: now + .milliseconds(1999), least: Self.least))
        #expect(rhythm.isSilent(at: now + .milliseconds(2000), least: Self.least))
    }

    @Test("One that sends a picture every five seconds may take three times as long")
    func seldom() {
        let (rhythm, now) = rhythm(Array(repeating: 5, count: 4))
        #expect(!rhythm.isSilent(at: now + .seconds(14), least: Self.least))
        #expect(rhythm.isSilent(at: now + .seconds(15), least: Self.least))
    }

    @Test("No rhythm is slower than 90 s, and what was never heard of is silent")
    func bounds() {
        let (rhythm, now) = rhythm([3600, 3600])
        #expect(rhythm.patience(least: Self.least) == .seconds(90))
        #expect(rhythm.isSilent(at: now + .seconds(90), least: Self.least))
        #expect(SourceRhythm().isSilent(at: now, least: Self.least))
    }

    @Test("A silence that was a stall does not become the rhythm")
    func resumes() {
        var (rhythm, now) = rhythm(Array(repeating: 0.1, count: 5))
        for _ in 0..<100 {
            now = now + .seconds(5)
            rhythm.resumed(at: now)
        }
        #expect(rhythm.isSilent(at: now + .seconds(2), least: Self.least))
    }

    @Test("A session's end is silence, its rhythm is kept for the next")
    func ends() {
        var (rhythm, now) = rhythm([5, 5])
        rhythm.ended()
        #expect(rhythm.isSilent(at: now, least: Self.least))
        #expect(rhythm.patience(least: Self.least) == .seconds(15))
    }
}
