import Testing

@testable import RTSP

@Suite("SMPTE times")
struct SMPTETimeTests {
    /// A counter as a tape machine has one, which counts numbers on and leaves out those that are dropped.
    private struct Counter {
        private(set) var hour = 0
        private var minute = 0
        private var second = 0
        private var frame = 0
        private let format: SMPTEFormat

        init(_ format: SMPTEFormat) {
            self.format = format
        }

        mutating func step() {
            frame += 1
            guard frame == (format == .frames25 ? 25 : 30) else { return }
            (frame, second) = (0, second + 1)
            guard second == 60 else { return }
            (second, minute) = (0, minute + 1)
            if minute == 60 { (minute, hour) = (0, hour + 1) }
            if format != .frames25, minute % 10 != 0 { frame = 2 }
        }

        var text: String {
            [hour, minute, second, frame].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
        }
    }

    @Test(
        "Every frame of an hour and a bit has the number that a counter shows, and is read back",
        arguments: SMPTEFormat.allCases)
    func everyFrame(format: SMPTEFormat) throws {
        var counter = Counter(format)
        for frame in 0..<Int64(format == .frames25 ? 90_500 : 108_500) {
            let microseconds = format == .frames25 ? frame * 40_000 : (frame * 1_001_000 + 15) / 30
            let text = counter.text
            let time = SMPTETime(text[...], format: format)
            guard time?.hundredths == frame * 100, time?.microseconds == microseconds,
                SMPTETime(microseconds: microseconds, format: format)?.serialized == text
            else {
                Issue.record("frame \(frame), \(text): \(String(describing: time))")
                return
            }
            counter.step()
        }
        #expect(counter.hour == 1)
    }

    @Test("Each hundredth of a frame is another time, to the end of what two digits of hours can say")
    func hundredths() throws {
        for format in SMPTEFormat.allCases {
            let last = try #require(
                SMPTETime(format == .frames25 ? "99:59:59:24.99" : "99:59:59:29.99", format: format))
            for hundredths in Array(0..<6000) + Array(179_000..<181_000)
                + Array(last.hundredths - 500...last.hundredths)
            {
                let step = format == .frames25 ? (hundredths * 400, 1) : (hundredths * 1001, 3)
                let microseconds = (step.0 * 2 + Int64(step.1)) / Int64(step.1 * 2)
                let time = try #require(SMPTETime(microseconds: microseconds, format: format))
                guard time.hundredths == hundredths, time.microseconds == microseconds,
                    SMPTETime(time.serialized[...], format: format) == time
                else {
                    Issue.record("\(format) \(hundredths): \(time.serialized)")
                    return
                }
            }
            #expect(SMPTETime(microseconds: last.microseconds + 1000, format: format) == nil)
        }
    }

    @Test("Numbers are left out in each minute but every tenth, for a hundred hours")
    func droppedNumbers() throws {
        for minute in 0..<6000 {
            let start = "\(minute / 60):\(minute % 60):00"
            let first = try #require(SMPTETime("\(start):02", format: .drop30)).hundredths / 100
            let before = minute == 0 ? 0 : first - 1
            let drops = minute % 10 != 0
            let zero = try #require(SMPTETime(start[...], format: .drop30)).hundredths / 100
            let one = try #require(SMPTETime("\(start):01.50", format: .drop30)).hundredths
            #expect(zero == (drops ? first : first - 2) && one == (drops ? first * 100 : first * 100 - 50), "\(start)")
            guard minute > 0, drops else { continue }
            let end = "\((minute - 1) / 60):\((minute - 1) % 60):59:29"
            #expect(try #require(SMPTETime(end[...], format: .drop30)).hundredths / 100 == before, "\(end)")
        }
    }

    @Test("What clocks show after an hour and a day: drop-frame keeps them to some milliseconds")
    func clocks() throws {
        #expect(try #require(SMPTETime("1:00:00:00", format: .drop30)).microseconds == 3_599_996_400)
        #expect(try #require(SMPTETime("24:00:00:00", format: .unnamed)).microseconds == 86_399_913_600)
        #expect(try #require(SMPTETime("1:00:00:00", format: .frames25)).microseconds == 3_600_000_000)
        #expect(try #require(SMPTETime("10:07:33:05.01", format: .frames25)).microseconds == 36_453_200_400)
        #expect(try #require(SMPTETime("10:07:33.40", format: .frames25)).hundredths == 91_132_540)
    }

    @Test(
        "What is no time is none",
        arguments: [
            "", ":", "1", "1:2", "1:2:3:4:5", "1:60:0", "1:0:60", "0:0:0:30", "100:0:0", "0:0:0:000", "0:0:0:1.100",
            "0:0:0:1.", "0:0:0:", "0:0:.5", ".5", "0:0:0.1.2", "-1:0:0", "+1:0:0", "0:0:0x", "0: 0:0", "a:b:c", "٣:0:0",
        ])
    func unreadable(text: String) {
        for format in SMPTEFormat.allCases { #expect(SMPTETime(text[...], format: format) == nil) }
    }

    @Test("A moment before the beginning is the beginning, and one too far away is none")
    func bounds() {
        #expect(SMPTETime(microseconds: .min, format: .drop30)?.hundredths == 0)
        for format in SMPTEFormat.allCases { #expect(SMPTETime(microseconds: .max, format: format) == nil) }
        #expect(SMPTETime("0:0:0:25", format: .frames25) == nil && SMPTETime("0:0:0:29", format: .drop30) != nil)
    }

    @Test("Whatever is read is written so that it is read as the same")
    func mutations() {
        forEachMutation(of: ["10:07:33:05.01", "0:1:0:2", "99:59:59:24.99"], seed: 11) { text in
            for format in SMPTEFormat.allCases {
                guard let time = SMPTETime(text[...], format: format) else { continue }
                #expect(SMPTETime(time.serialized[...], format: format) == time, "\(text)")
                #expect(SMPTETime(microseconds: time.microseconds, format: format) == time, "\(text)")
            }
        }
    }
}
