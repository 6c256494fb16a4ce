import Foundation
import Logging
import NIOConcurrencyHelpers
import Testing

@testable import Server

@Suite("Lines of the log")
struct LogLineTests {
    /// What a handler of that form writes at a fixed time.
    private func lines(
        _ configuration: LogConfiguration = LogConfiguration(),
        _ body: (inout Logger) -> Void
    ) -> [String] {
        let written = NIOLockedValueBox<[String]>([])
        var logger = Logger(label: "test") { _ in
            RelayLogHandler(configuration, milliseconds: { 1_795_255_200_123 }) { line in
                written.withLockedValue { $0.append(line) }
            }
        }
        body(&logger)
        return written.withLockedValue { $0 }
    }

    @Test("An event is one line: time, level, message, who speaks, what is said")
    func text() {
        let lines = lines { logger in
            logger[metadataKey: "camera"] = "gate"
            logger.info("camera up", metadata: ["codec": "H.264", "bitrate": "\(4_000_000)"])
        }
        #expect(lines == ["2026-11-21T10:00:00.123Z info camera up camera=gate bitrate=4000000 codec=H.264\n"])
    }

    @Test("Values are quoted where they would be unclear, and cannot begin a line or move the cursor")
    func quoting() {
        let lines = lines { logger in
            logger.notice(
                "session\nforged",
                metadata: [
                    "a": "two words", "b": "", "c": "x=y", "d": "\"q\"\\", "e": "one\r\n2026 info forged",
                    "f\n g": "\u{1B}[2J",
                    "h": "\u{202E}gepj", "i": "Straße", "j": ["x", "y z"], "k": ["n": "1"], "l": "\u{2028}",
                ]
            )
        }
        #expect(
            lines == [
                #"2026-11-21T10:00:00.123Z notice session\u{a}forged a="two words" b="" c="x=y" d="\"q\"\\" "#
                    + #"e="one\r\n2026 info forged" f\u{a}_g="\u001b[2J" h="\u202egepj" i=Straße "#
                    + #"j="[\"x\",\"y z\"]" k="{\"n\":\"1\"}" l="\u2028""# + "\n"
            ]
        )
    }

    @Test("A JSON line is one object with the same fields")
    func json() throws {
        let lines = lines(LogConfiguration(level: .debug, format: .json)) { logger in
            logger[metadataKey: "camera"] = "gate"
            logger.debug("say \"hi\"\n", metadata: ["level": "7", "list": ["a", ["k": "v"]], "bell": "\u{7}"])
        }
        let line = try #require(lines.first)
        #expect(line.hasSuffix("}\n") && line.dropLast().allSatisfy { !$0.isNewline })
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        let expected: [String: Any] = [
            "time": "2026-11-21T10:00:00.123Z", "level": "debug", "message": "say \"hi\"\n", "camera": "gate",
            "level_": "7", "list": ["a", ["k": "v"]] as [Any], "bell": "\u{7}",
        ]
        #expect((object as NSDictionary?) == expected as NSDictionary)
    }

    @Test("What is below the level is not written")
    func level() {
        let lines = lines(LogConfiguration(level: .warning)) { logger in
            logger.notice("quiet")
            logger.warning("loud")
        }
        #expect(lines == ["2026-11-21T10:00:00.123Z warning loud\n"])
    }

    @Test("A key of the event takes the place of the logger's, and an error is a field")
    func merging() {
        struct Broken: Error, CustomStringConvertible { var description: String { "broken pipe" } }
        let lines = lines { logger in
            logger[metadataKey: "peer"] = "old"
            logger.error("lost", error: Broken(), metadata: ["peer": "new"])
        }
        #expect(lines == ["2026-11-21T10:00:00.123Z error lost error=\"broken pipe\" peer=new\n"])
    }

    @Test("Times agree with Foundation's calendar, before 1970 and past 2100 too")
    func times() {
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        let days: [Int64] = [0, 59, 60, 365, 11_016, 11_017, 20_778, 47_540, 47_541, -1, -36_525, 146_097]
        for milliseconds in days.flatMap({ [$0 * 86_400_000, $0 * 86_400_000 + 86_399_999] }) {
            let date = Date(timeIntervalSince1970: Double(milliseconds) / 1000)
            #expect(Timestamp(milliseconds: milliseconds).description == formatter.string(from: date))
        }
    }
}
