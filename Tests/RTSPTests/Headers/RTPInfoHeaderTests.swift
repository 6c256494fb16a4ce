import Testing

@testable import RTSP

@Suite("The RTP-Info header")
struct RTPInfoHeaderTests {
    typealias Entry = RTPInfoHeader.Entry

    @Test("each entry has its URL, sequence number and time")
    func entries() {
        let header =
            "url=rtsp://h/p/trackID=0;seq=45102;rtptime=12345678,url=rtsp://h/p/trackID=1;seq=30211;rtptime=29567112"
        let info = RTPInfoHeader([
            Entry(url: "rtsp://h/p/trackID=0", seq: 45102, rtptime: 12_345_678),
            Entry(url: "rtsp://h/p/trackID=1", seq: 30211, rtptime: 29_567_112),
        ])
        #expect(RTPInfoHeader.parse(header) == info)
        #expect(info.serialized == header)
    }

    @Test("F12 a time of 0 says nothing")
    func zeroTime() {
        let info = RTPInfoHeader.parse("url=rtsp://h/a;seq=1;rtptime=0")
        #expect(info.entries == [Entry(url: "rtsp://h/a", seq: 1, rtptime: nil)])
    }

    @Test(
        "F12 missing, strange and extra parts are passed over",
        arguments: [
            ("url=rtsp://h/a", [Entry(url: "rtsp://h/a")]),
            ("url=/a/trackID=1;rtptime=5", [Entry(url: "/a/trackID=1", rtptime: 5)]),
            (" URL = a ; SEQ = 7 ; session=12;rtptime= 9 ", [Entry(url: "a", seq: 7, rtptime: 9)]),
            ("seq=7;rtptime=9", [Entry(url: "", seq: 7, rtptime: 9)]),
            ("url=a;seq=65536;rtptime=4294967296", [Entry(url: "a")]),
            ("url=a;seq=-1;rtptime=0x10", [Entry(url: "a")]),
            ("url=a,b?c=1,2;seq=3, url=d", [Entry(url: "a,b?c=1,2", seq: 3), Entry(url: "d")]),
            ("url=\"a;b\";seq=3", [Entry(url: "a;b", seq: 3)]), ("", []), (",;,", [Entry(url: "")]),
        ] as [(String, [Entry])])
    func lenient(header: String, entries: [Entry]) {
        #expect(RTPInfoHeader.parse(header).entries == entries)
    }

    @Test("mutated values neither trap nor grow")
    func mutations() {
        let samples = [
            "url=rtsp://h/a;seq=1;rtptime=2,url=rtsp://h/b,c;seq=3", "url=/a;session=1; rtptime=0", "seq=1,url=\"x\"",
        ]
        forEachMutation(of: samples, seed: 4) { header in
            let entries = RTPInfoHeader.parse(header).entries
            #expect(entries.reduce(0) { $0 + $1.url.utf8.count } <= header.utf8.count * 3)
        }
    }
}
