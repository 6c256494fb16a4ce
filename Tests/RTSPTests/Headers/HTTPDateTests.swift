import Testing

@testable import RTSP

@Suite struct HTTPDateTests {
    @Test(
        "The three forms of a date are read, and one is written",
        arguments: [
            "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
            "Sun, 06 Nov 1994 08:49:37 GMT; length=12",
        ])
    func forms(text: String) throws {
        let date = try #require(HTTPDate(parsing: text))
        #expect(date.unixSeconds == 784_111_777)
        #expect(date.serialized == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(date.commonLog == "06/Nov/1994:08:49:37 +0000")
    }

    @Test("What is written is read again, in any year and over leap days")
    func roundTrip() {
        for seconds in stride(from: Int64(-11_000_000_000), to: 200_000_000_000, by: 97_654_321) {
            let date = HTTPDate(unixSeconds: seconds)
            #expect(HTTPDate(parsing: date.serialized) == date)
        }
        #expect(HTTPDate(unixSeconds: 951_782_400).serialized == "Tue, 29 Feb 2000 00:00:00 GMT")
        #expect(HTTPDate(unixSeconds: .max).serialized.hasSuffix("GMT"))
        #expect(HTTPDate(unixSeconds: .min).serialized.hasSuffix("GMT"))
    }

    @Test(
        "What is no date is none",
        arguments: [
            "", "GMT", "yesterday", "Sun, 06 Nov 1994 25:49:37 GMT", "Sun, 32 Nov 1994 08:49:37 GMT",
            "Sun, 06 Xxx 1994 08:49:37 GMT", "Sun, 06 Nov 99999 08:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT",
            ", , , , , ,",
        ])
    func unreadable(text: String) {
        #expect(HTTPDate(parsing: text) == nil)
    }

    @Test("No text makes it stop")
    func mutations() {
        forEachMutation(of: ["Sun, 06 Nov 1994 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"], seed: 31) { text in
            _ = HTTPDate(parsing: text)?.serialized
        }
    }
}
