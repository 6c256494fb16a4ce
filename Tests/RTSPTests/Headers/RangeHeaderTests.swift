import Testing

@testable import RTSP

@Suite("The Range header")
struct RangeHeaderTests {
    @Test(
        "normal play time is read in all its forms",
        arguments: [
            ("npt=0.000-", .npt(start: .seconds(0), end: nil)), ("npt=now-", .npt(start: .now, end: nil)),
            ("npt=10-20.5", .npt(start: .seconds(10), end: 20.5)), ("npt=-20", .npt(start: .seconds(0), end: 20)),
            (" NPT = 1:02:03.5 - 3800. ;time=19970123T143720Z", .npt(start: .seconds(3723.5), end: 3800)),
        ] as [(String, RangeHeader)])
    func npt(header: String, range: RangeHeader) {
        #expect(RangeHeader.parse(header) == range)
    }

    @Test("clock times are kept as written, and SMPTE times read in the formats of the RFC")
    func otherUnits() throws {
        let clock = RangeHeader.clock(start: "20260801T100000.25Z", end: "20260801T110000Z")
        #expect(RangeHeader.parse("clock=20260801T100000.25Z-20260801T110000Z") == clock)
        #expect(RangeHeader.parse("clock=20260801T100000Z-") == .clock(start: "20260801T100000Z", end: nil))
        let start = try #require(SMPTETime("10:07:33:05.01", format: .frames25))
        #expect(
            RangeHeader.parse("SMPTE-25 = 10:07:33:05.01 -;time=19970123T143720Z") == .smpte(start: start, end: nil))
        let short = try #require(SMPTETime("1:2:3", format: .unnamed))
        let end = try #require(SMPTETime("1:2:4:29", format: .unnamed))
        #expect(RangeHeader.parse("smpte=1:2:3-1:2:4:29") == .smpte(start: short, end: end))
    }

    @Test(
        "what cannot be read is no range",
        arguments: [
            "", "npt", "npt=", "npt=-", "npt=x-", "npt=1-x", "npt=inf-", "npt=nan-", "npt=0x10-", "npt=1e9-",
            "npt=1:2-",
            "npt=.5-", "npt=1.2.3-", "npt=99999999999-", "npt=--1", "clock=-", "utc=1-2", "npt=5",
            "smpte=-", "smpte=0:0:1", "smpte=0:0:1-x", "smpte=-0:0:1", "smpte-24=0:0:1-", "smpte-25=0:0:0:25-", "smpte",
        ])
    func unreadable(header: String) {
        #expect(RangeHeader.parse(header) == nil)
    }

    @Test("F9 the range that cameras want with PLAY")
    func fromTheBeginning() {
        #expect(RangeHeader.fromTheBeginning.serialized == "npt=0.000-")
    }

    @Test(
        "what is written is read back",
        arguments: [
            "npt=now-", "npt=12.050-3600.000", "clock=20260801T100000Z-", "clock=20260801T100000Z-20260801T110000Z",
            "smpte=10:07:33:00-", "smpte-30-drop=00:00:10:00-00:01:00:02.07", "smpte-25=00:00:00:24.99-",
        ])
    func roundTrip(header: String) {
        #expect(RangeHeader.parse(header)?.serialized == header)
    }

    @Test("no number is too large or too strange to be written")
    func strangeNumbers() {
        #expect(RangeHeader.npt(start: .seconds(.nan), end: .infinity).serialized == "npt=0.000-0.000")
        #expect(RangeHeader.npt(start: .seconds(-1), end: 1e300).serialized == "npt=0.000-1000000000000.000")
    }

    @Test("mutated values neither trap nor become endless times")
    func mutations() {
        let samples = [
            "npt=1:02:03.5-3800.25", "npt=now-", "clock=20260801T100000Z-20260801T110000Z", "smpte=1:2:3-1:2:4:29.01",
        ]
        forEachMutation(of: samples, seed: 3) { header in
            guard let range = RangeHeader.parse(header) else { return }
            #expect(!range.serialized.isEmpty)
            if case .npt(.seconds(let start), let end) = range { #expect(start.isFinite && (end ?? 0).isFinite) }
        }
    }
}
