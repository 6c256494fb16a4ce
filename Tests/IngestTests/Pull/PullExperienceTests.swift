import NIOCore
import Testing

@testable import Ingest

@Suite struct PullExperienceTests {
    private func outcome(_ error: PullError, livedFor seconds: Int64?) -> PullOutcome {
        PullOutcome(
            error: error, livedFor: seconds.map { .seconds($0) }, transport: TransportChoice(.tcp),
            counters: IngestCounters()
        )
    }

    @Test("A camera that sends a picture every ten seconds is given the time for it after a few tries")
    func slowCamera() async {
        let experience = PullExperience(transport: .tcp, patience: PullPatience())
        #expect(await experience.stall == .seconds(6))
        _ = await experience.ended(outcome(.stalled(.video), livedFor: 6), at: .now())
        #expect(await experience.stall == .seconds(12))
        for _ in 0..<10 { _ = await experience.ended(outcome(.stalled(.video), livedFor: 1), at: .now()) }
        #expect(await experience.stall == .seconds(90))
    }

    @Test("A camera that flowed for long and froze is not given more time, and gets no more than usual from then on")
    func frozenCamera() async {
        let experience = PullExperience(transport: .tcp, patience: PullPatience())
        _ = await experience.ended(outcome(.stalled(.video), livedFor: 3600), at: .now())
        #expect(await experience.stall == .seconds(6))
        _ = await experience.ended(outcome(.stalled(.video), livedFor: 2), at: .now())
        #expect(await experience.stall == .seconds(12))
        _ = await experience.ended(outcome(.stalled(.video), livedFor: 3600), at: .now())
        #expect(await experience.stall == .seconds(6))
    }
}
