import Testing

@testable import RTSP

@Suite("When a PAUSE takes effect")
struct PausePointTests {
    @Test("It is one value, which some write as an open range; two values, times of day and nonsense are none")
    func values() {
        let read: [(text: String, point: PausePoint)] = [
            ("npt=10", .at(10)), ("npt=10-", .at(10)), ("npt=0:01:30.5", .at(90.5)),
            ("npt=10;time=19970123T143720Z", .at(10)),
            ("npt=now", .now), ("npt=now-", .now), ("", .now), ("npt=10-20", .unreadable), ("npt=-20", .unreadable),
            ("npt=now-20", .unreadable), ("clock=20261121T100000Z", .unreadable), ("smpte-25=0:10:00:05", .at(600.2)),
            ("smpte-25=0:10:00:05-", .at(600.2)), ("smpte=0:10:00:00", .at(599.9994)),
            ("smpte=0:10:00-0:11:00", .unreadable),
            ("smpte-25=0:10", .unreadable),
            ("nonsense", .unreadable), ("npt=", .unreadable), ("npt=99999999999", .unreadable),
        ]
        for (text, point) in read { #expect(PausePoint(of: ["Range": text]) == point, "\(text)") }
        #expect(PausePoint(of: [:]) == .now)
    }

    @Test("Whatever a viewer writes is a point in time or none")
    func mutations() {
        forEachMutation(
            of: ["npt=10", "npt=0:01:30.5-", "npt=now-;time=19970123T143720Z", "smpte-30-drop=0:1:0:2.5"], seed: 5
        ) { text in
            if case .at(let seconds) = PausePoint(of: ["Range": text]) {
                #expect(seconds.isFinite && seconds >= 0, "\(text)")
            }
        }
    }
}
