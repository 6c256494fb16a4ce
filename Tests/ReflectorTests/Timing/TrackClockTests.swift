import Testing

@testable import Reflector

@Suite("Which moment a timestamp stands for, by arrival")
struct TrackClockTests {
    private static let second = 1e9

    /// A clock that saw two seconds of a punctual track, 25 packets a second.
    private func punctual() -> TrackClock {
        var clock = TrackClock(clockRate: 90_000)
        for packet in 0..<50 { clock.received(UInt32(packet * 3600), at: Double(packet) * 0.04 * Self.second) }
        return clock
    }

    @Test("a stall of the network moves nothing, however late its packets come")
    func stall() throws {
        var clock = punctual()
        // Two seconds of packets arrive at once, the last of them in time.
        for packet in 50..<100 {
            clock.received(UInt32(packet * 3600), at: 4 * Self.second)
            let time = try #require(clock.arrivalTime(of: UInt32(packet * 3600)))
            #expect(abs(time - Double(packet) * 0.04 * Self.second) < 0.1 * Self.second)
        }
    }

    @Test("a source that stood still for two seconds is believed after five")
    func pause() throws {
        var clock = punctual()
        for packet in 50..<200 {
            clock.received(UInt32(packet * 3600), at: (2 + Double(packet) * 0.04) * Self.second)
        }
        let time = try #require(clock.arrivalTime(of: 199 * 3600))
        #expect(abs(time - (2 + 199 * 0.04) * Self.second) < 0.1 * Self.second)
    }

    @Test("what is told never runs backwards, though all that came first was late")
    func lateBeginning() throws {
        var (video, audio) = (TrackClock(clockRate: 90_000), TrackClock(clockRate: 8000))
        video.tell(2 * Self.second, of: 0)
        audio.tell(2 * Self.second, of: 0)
        // Both are known now to have begun two seconds earlier than was told.
        video.adjust(to: 0, at: 0, common: -2 * Self.second)
        audio.adjust(to: 0, at: 0, common: -2 * Self.second)
        let told = try #require(video.toldTime(of: 0))
        #expect(abs(told - 2 * Self.second) < 0.01 * Self.second)
        #expect(audio.toldTime(of: 0) == told)
    }

    @Test("a track that is out of step with the others is put right by a step onwards")
    func outOfStep() throws {
        var (video, audio) = (TrackClock(clockRate: 90_000), TrackClock(clockRate: 8000))
        video.tell(2 * Self.second, of: 0)
        audio.tell(0, of: 0)
        video.adjust(to: 0, at: 0, common: -2 * Self.second)
        audio.adjust(to: 0, at: 0, common: -2 * Self.second)
        let told = try #require(video.toldTime(of: 0))
        #expect(abs(told - 2 * Self.second) < 0.01 * Self.second)
        #expect(audio.toldTime(of: 0) == told)
    }
}
