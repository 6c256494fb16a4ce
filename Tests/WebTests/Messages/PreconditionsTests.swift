import NIOHTTP1
import RTSP
import TestSupport
import Testing

@testable import Web

@Suite("Conditions of requests")
struct PreconditionsTests {
    private static let state = Preconditions.State(
        tag: EntityTag("abc"), modified: HTTPDate(parsing: "Sun, 06 Nov 1994 08:49:37 GMT"))

    @Test(
        "are looked at in the order of RFC 9110 §13.2.2",
        arguments: [
            ([:], .proceed(isRangeAllowed: true)),
            (["If-None-Match": "\"abc\""], .notModified), (["If-None-Match": "W/\"abc\""], .notModified),
            (["If-None-Match": "\"x\", \"abc\""], .notModified), (["If-None-Match": "*"], .notModified),
            (["If-None-Match": "\"x\""], .proceed(isRangeAllowed: true)),
            (["If-None-Match": "abc"], .proceed(isRangeAllowed: true)),
            (["If-None-Match": "\"abc"], .proceed(isRangeAllowed: true)),
            (["If-Modified-Since": "Sun, 06 Nov 1994 08:49:37 GMT"], .notModified),
            (["If-Modified-Since": "Sunday, 06-Nov-94 08:49:38 GMT"], .notModified),
            (["If-Modified-Since": "Sun Nov  6 08:49:36 1994"], .proceed(isRangeAllowed: true)),
            (["If-Modified-Since": "yesterday"], .proceed(isRangeAllowed: true)),
            // A tag goes before a date.
            (
                ["If-None-Match": "\"x\"", "If-Modified-Since": "Sun, 06 Nov 1994 08:49:37 GMT"],
                .proceed(isRangeAllowed: true)
            ),
            (["If-Match": "\"x\""], .failed), (["If-Match": "W/\"abc\""], .failed),
            (["If-Match": "*"], .proceed(isRangeAllowed: true)),
            (["If-Match": "\"abc\"", "If-None-Match": "\"abc\""], .notModified),
            (["If-Unmodified-Since": "Sun, 06 Nov 1994 08:49:36 GMT"], .failed),
            (["If-Range": "\"abc\""], .proceed(isRangeAllowed: true)),
            (["If-Range": "\"x\""], .proceed(isRangeAllowed: false)),
            (["If-Range": "W/\"abc\""], .proceed(isRangeAllowed: false)),
            (["If-Range": "Sun, 06 Nov 1994 08:49:37 GMT"], .proceed(isRangeAllowed: true)),
            (["If-Range": "Sun, 06 Nov 1994 08:49:38 GMT"], .proceed(isRangeAllowed: false)),
            (["If-Range": "junk"], .proceed(isRangeAllowed: false)),
        ] as [(HTTPHeaders, Preconditions.Verdict)])
    func verdicts(headers: HTTPHeaders, verdict: Preconditions.Verdict) {
        #expect(Preconditions(headers).verdict(on: Self.state) == verdict)
    }

    @Test("A tag of ours holds nothing that ends it")
    func tag() {
        #expect(EntityTag("a\"b\r\nc d").serialized == "\"abcd\"")
    }

    @Test("Lists of tags end somewhere, whatever they are")
    func mutations() {
        var generator = SeededGenerator(seed: 8)
        for _ in 0..<5000 {
            let text = String(decoding: generator.mutated(Array("\"a\", W/\"b\",\"\", *".utf8)), as: UTF8.self)
            guard case .these(let tags) = EntityTag.List(parsing: [text]) else { continue }
            #expect(tags.count <= 64 && !tags.contains { $0.opaque.contains("\"") })
        }
        let many = String(repeating: "\"a\",", count: 5000)
        #expect(EntityTag.List(parsing: [many]) == .these(Array(repeating: EntityTag("a"), count: 64)))
    }

    @Test(
        "gzip is for those who say so",
        arguments: [
            ("gzip", true), ("gzip, deflate, br", true), ("br;q=1.0, gzip;q=0.8", true), ("*", true),
            ("deflate, *;q=0.1", true),
            ("", false), ("br", false), ("gzip;q=0", false), ("gzip; q=0.000", false), ("identity;q=1, *;q=0", false),
            ("*, gzip;q=0", false), ("xgzip", false),
        ])
    func gzip(text: String, isAccepted: Bool) {
        #expect(Gzip.isAccepted(by: [text]) == isAccepted)
    }
}
