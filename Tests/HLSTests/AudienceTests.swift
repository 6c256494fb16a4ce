import NIOCore
import Testing

@testable import HLS

@Suite struct AudienceTests {
    private static func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(1_000_000_000) + .seconds(seconds) }

    @Test("Who asks is counted once, and forgotten when he has not asked for long enough")
    func coming() {
        var audience = Audience()
        for viewer in [1, 2, 1, 1] { audience.asked(viewer, at: Self.at(0)) }
        #expect(audience.count == 2)
        audience.asked(2, at: Self.at(5))
        audience.timePassed(at: Self.at(6), patience: .seconds(6))
        #expect(audience.count == 2)
        audience.timePassed(at: Self.at(7), patience: .seconds(6))
        #expect(audience.count == 1)
        audience.timePassed(at: Self.at(12), patience: .seconds(6))
        #expect(audience.count == 0)
    }

    @Test("However many names one gives himself, memory is bounded, and who is known stays known")
    func bounds() {
        var audience = Audience()
        for viewer in 0..<50_000 { audience.asked(viewer, at: Self.at(0)) }
        #expect(audience.count == 10_000)
        audience.asked(7, at: Self.at(9))
        audience.timePassed(at: Self.at(10), patience: .seconds(6))
        #expect(audience.count == 1)
    }
}
