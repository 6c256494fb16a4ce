import Testing

@testable import RTSP

@Suite("The Session header")
struct SessionHeaderTests {
    @Test("F1 the id ends at the semicolon, the timeout is in seconds")
    func timeout() {
        #expect(SessionHeader.parse("851006239;timeout=20") == SessionHeader(id: "851006239", timeout: 20))
    }

    @Test(
        "F2 spaces and fields nobody knows are passed over",
        arguments: [
            ("x; timeout = 60;foo", 60), (" x ;foo=1; TIMEOUT=60s", 60), ("x;timeout=\"60\"", 60),
            ("x;timeout=60.5;", 60),
            ("x;timeout=99999999999999999999", 86_400), ("x;timeout=", nil), ("x;timeout", nil), ("x;timeout=-5", nil),
            ("x;timeout=0", nil), ("x;", nil),
        ] as [(String, Int?)])
    func tolerant(header: String, timeout: Int?) {
        #expect(SessionHeader.parse(header) == SessionHeader(id: "x", timeout: timeout))
    }

    @Test("without an id there is no session", arguments: ["", "  ", ";", ";timeout=60"])
    func noID(header: String) {
        #expect(SessionHeader.parse(header) == nil)
    }

    @Test("what is written is read back")
    func roundTrip() {
        #expect(SessionHeader(id: "abc").serialized == "abc")
        #expect(SessionHeader(id: "abc", timeout: 55).serialized == "abc;timeout=55")
    }

    @Test("mutated values give a timeout within a day")
    func mutations() {
        forEachMutation(of: ["851006239;timeout=20", "x; timeout = 60;foo"], seed: 2) { header in
            let session = SessionHeader.parse(header)
            #expect(session.map { !$0.id.isEmpty } ?? true)
            #expect((1...86_400).contains(session?.timeout ?? 1))
        }
    }
}
