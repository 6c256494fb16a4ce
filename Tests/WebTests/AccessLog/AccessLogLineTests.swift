import NIOCore
import NIOHTTP1
import RTSP
import TestSupport
import Testing

@testable import Web

@Suite("A line of the access log")
struct AccessLogLineTests {
    private static func line(
        _ uri: String? = "/gate/index.m3u8", method: HTTPMethod = .GET, _ headers: HTTPHeaders = [:],
        address: String = "10.0.0.7", status: Int = 200, bytes: Int64 = 512, milliseconds: Int64 = 4
    ) -> String {
        let head = uri.map { HTTPRequestHead(version: .http1_1, method: method, uri: $0, headers: headers) }
        var buffer = ByteBuffer()
        AccessLogLine(
            address: address, time: HTTPDate(unixSeconds: 784_111_777), head: head, status: status, bytes: bytes,
            milliseconds: milliseconds
        ).write(into: &buffer)
        return String(buffer: buffer)
    }

    /// Its fields as a program reads them that knows the Combined Log Format: the expression of Apache's manual, and what is behind.
    private static func fields(_ line: String) -> [String]? {
        let form =
            /(\S+) (\S+) (\S+) \[([^\]]+)\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d+|-) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)" (\d+\.\d{3})\n/
        guard let found = line.wholeMatch(of: form)?.output else { return nil }
        return [
            found.1, found.2, found.3, found.4, found.5, found.6, found.7, found.8, found.9, found.10,
        ].map(String.init)
    }

    @Test("A request is told as Apache and nginx do, with its seconds behind")
    func whole() {
        let headers: HTTPHeaders = [
            "Host": "relay", "Referer": "http://relay/gate/", "User-Agent": "VLC/3.0.20 LibVLC/3.0.20",
        ]
        #expect(
            Self.line("/gate/index.m3u8", headers)
                == #"10.0.0.7 - - [06/Nov/1994:08:49:37 +0000] "GET /gate/index.m3u8 HTTP/1.1" 200 512 "http://relay/gate/" "VLC/3.0.20 LibVLC/3.0.20" 0.004"#
                + "\n")
    }

    @Test("What is not known, or is nothing, is a dash; long times have all their digits")
    func nothing() {
        #expect(
            Self.line(nil, address: "", status: 400, bytes: 0, milliseconds: -1)
                == "- - - [06/Nov/1994:08:49:37 +0000] \"-\" 400 - \"-\" \"-\" 0.000\n")
        #expect(
            Self.line(bytes: 5_000_000_000, milliseconds: 86_400_050).hasSuffix(
                " 200 5000000000 \"-\" \"-\" 86400.050\n"))
        #expect(Self.line("/", ["User-Agent": ""]).contains("\"-\" \"-\""))
        #expect(Self.line(address: "2001:db8::7").hasPrefix("2001:db8::7 - - ["))
    }

    @Test(
        "No request can end its field or its line",
        arguments: [
            "\"", "\\", "\\\"", "a\" 200 1 \"-\" \"x", "x\r\n10.0.0.1 - - [", "\u{0}\u{1B}[2J\u{7F}",
            "é\u{2028}\u{202E}", "\u{85}",
        ])
    func forgery(text: String) throws {
        for line in [
            Self.line("/\(text)"), Self.line("/", ["User-Agent": text]), Self.line("/", ["Referer": text]),
            Self.line("/", method: .RAW(value: text)),
        ] {
            let fields = try #require(Self.fields(line), "\(line)")
            #expect(fields[5] == "200" && fields[6] == "512")
            #expect(line.utf8.dropLast().allSatisfy { (0x20..<0x7F).contains($0) })
        }
        #expect(Self.line("/", ["User-Agent": "a\"b\\c\té"]).contains(#""a\"b\\c\x09\xc3\xa9""#))
    }

    @Test("Long fields are cut, and a line is bounded whatever is asked")
    func long() throws {
        let long = String(repeating: "\u{7}", count: 16_000)
        let line = Self.line("/\(long)", ["User-Agent": long, "Referer": long])
        #expect(line.utf8.count < 13_000)
        #expect(try #require(Self.fields(line))[8].hasSuffix(#"\x07..."#))
        let fitting = String(repeating: "a", count: 1024)
        #expect(Self.line("/", ["User-Agent": fitting]).contains("\"\(fitting)\""))
    }

    @Test(
        "Accounts and what may be a password are not shown",
        arguments: [
            (
                "/gate/index.m3u8?_HLS_msn=12&_HLS_part=3&_HLS_skip=YES",
                "/gate/index.m3u8?_HLS_msn=12&_HLS_part=3&_HLS_skip=YES"
            ),
            ("/gate/live?codecs=avc1.64001f,mp4a.40.2", "/gate/live?codecs=avc1.64001f,mp4a.40.2"),
            ("/a?password=hunter2", "/a?password=***"), ("/a?width=5&t=hunter2&x", "/a?width=5&t=***&***"),
            ("/a?hunter2", "/a?***"), ("/a?", "/a?"), ("/a?%77idth=hunter2", "/a?%77idth=***"),
            ("/a;token=hunter2/b?width=1", "/a;token=***/b?width=1"), ("/a#hunter2", "/a"), ("/@a", "/@a"),
            ("http://u:hunter2@relay/a?b=hunter2", "http://***@relay/a?b=***"), ("u:hunter2@relay:80", "***@relay:80"),
            ("/a?width=1?password=hunter2", "/a?width=***"), ("*", "*"),
        ])
    func secrets(target: String, shown: String) {
        #expect(AccessLogLine.redacted(target) == shown)
    }

    @Test("Of the page that led here the query is left out")
    func referrer() {
        #expect(AccessLogLine.withoutQuery("https://wall/a?b=hunter2#c") == "https://wall/a?***")
        #expect(AccessLogLine.withoutQuery("https://u:hunter2@wall/a#c") == "https://***@wall/a")
    }

    @Test("Whatever comes, it is one line that can be read")
    func mutations() throws {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<200 {
            let texts = (0..<3).map { _ in
                String(
                    decoding: (0..<Int.random(in: 0..<40, using: &random)).map { _ in
                        UInt8.random(in: .min ... .max, using: &random)
                    }, as: UTF8.self)
            }
            let line = Self.line(texts[0], ["User-Agent": texts[1], "Referer": texts[2]])
            #expect(Self.fields(line) != nil, "\(texts)")
        }
    }
}
