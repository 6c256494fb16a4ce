import RTSP
import Testing

@testable import Load

struct LoadPlanTests {
    private func plan(viewers: Int) throws -> LoadPlan {
        let target = try LoadTarget("rtsp://127.0.0.1/media/film.mp4", allowingPublic: false)
        return LoadPlan(targets: [target], viewers: viewers, transport: .tcp, window: .seconds(1))
    }

    @Test("Sessions begin at the beginning, unless places are asked for: then spread evenly")
    func places() throws {
        var plan = try plan(viewers: 4)
        #expect((0..<4).allSatisfy { plan.range(ofSession: $0) == .fromTheBeginning })
        plan.places = .seconds(60)
        let starts = (0..<4).map { plan.range(ofSession: $0) }
        #expect(starts == [0, 15, 30, 45].map { .npt(start: .seconds($0), end: nil) })
    }
}
