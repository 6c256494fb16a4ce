import NIOCore
import Testing

@testable import Server

@Suite("Texts of values")
struct ConfigurationValueTests {
    @Test(
        "Durations",
        arguments: [("0s", 0), ("500ms", 500), ("10s", 10_000), ("2m", 120_000), ("1h", 3_600_000), ("1d", 86_400_000)])
    func duration(_ text: String, _ milliseconds: Int64) throws {
        let duration = try ConfigurationValue.duration(text, in: .seconds(0) ... .hours(48))
        #expect(duration == .milliseconds(milliseconds))
        #expect(duration.written == text)
    }

    @Test(
        "Texts that are no durations", arguments: ["", "s", "-1s", "1.5s", "1 s", "1S", "١s", "9223372036854775807d"])
    func noDuration(_ text: String) {
        #expect(throws: Expectation.self) { try ConfigurationValue.duration(text, in: .seconds(0) ... .hours(48)) }
    }

    @Test("Sizes", arguments: [("512B", 512), ("64KB", 64_000), ("16MiB", 16_777_216), ("800GB", 800_000_000_000)])
    func size(_ text: String, _ bytes: Int64) throws {
        #expect(try ConfigurationValue.size(text, in: 1...1_000_000_000_000) == bytes)
    }

    @Test("Texts that are no sizes", arguments: ["", "64", "64kb", "1.5GB", "2TB", "9223372036854775807TiB"])
    func noSize(_ text: String) {
        #expect(throws: Expectation.self) { try ConfigurationValue.size(text, in: 1...1_000_000_000_000) }
    }

    @Test(
        "Addresses to listen on read back as they were written",
        arguments: [":8554", "127.0.0.1:8554", "[::1]:8554", "[::]:554", "relay.example:0"]
    )
    func address(_ text: String) throws {
        #expect(try ConfigurationValue.listenAddress(text).description == text)
    }

    @Test("A bare port listens on all addresses")
    func barePort() throws {
        #expect(try ConfigurationValue.listenAddress("8554") == ListenAddress(port: 8554))
        #expect(try ConfigurationValue.portPair("50-51") == RTPPortPair(rtp: 50))
    }

    @Test(
        "Texts that are no addresses",
        arguments: ["", ":", "a", "::1:8554", "[::1]", "[a]:1", "[127.0.0.1]:1", "a b:1", ":+1", ":08", ":65536"]
    )
    func noAddress(_ text: String) {
        #expect(throws: Expectation.self) { try ConfigurationValue.listenAddress(text) }
    }

    @Test(
        "Texts that are no pair of ports",
        arguments: ["", "8000", "8000-8001-8002", "8001-8000", "0-1", "65535-0", "8000-"])
    func noPair(_ text: String) {
        #expect(throws: Expectation.self) { try ConfigurationValue.portPair(text) }
    }

    @Test(
        "The nearest key is offered, and none where none is near",
        arguments: [("tranpsort", "transport"), ("time-out", "timeout"), ("url", "main"), ("zzz", nil), ("", nil)]
    )
    func spelling(_ word: String, _ nearest: String?) {
        #expect(Spelling.nearest(to: word, among: ["main", "timeout", "transport"]) == nearest)
    }
}
