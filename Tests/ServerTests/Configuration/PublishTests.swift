import Ingest
import Testing

@testable import Server

@Suite("Paths that are open to publishers")
struct PublishTests {
    private func source(_ camera: String) throws -> SourceConfiguration? {
        try load("cameras:\n  \(camera)\n").cameras.first?.streams.first?.source
    }

    @Test("publish: true opens a path with the built-in settings; a mapping changes some of them")
    func single() throws {
        #expect(try source("van-1: {publish: true}") == .publish(AnnounceConfiguration()))
        #expect(try source("van-1: {publish: }") == .publish(AnnounceConfiguration()))
        #expect(
            try source("van-1: {title: Van, publish: {takeover: true, timeout: 20s}}")
                == .publish(AnnounceConfiguration(takeover: true, timeout: .seconds(20))))
    }

    @Test("a name that ends in /* opens all paths below it")
    func prefix() throws {
        #expect(try source("incoming/*: {publish: true}") == .publishBelow(AnnounceConfiguration()))
        let settings = AnnounceConfiguration(mostStreams: 7, linger: .seconds(60))
        #expect(try source("\"a/b/*\": {publish: {streams: 7, linger: 1m}}") == .publishBelow(settings))
        let relay = try load("cameras: {van-1: {publish: true}, \"in/*\": {publish: true}}")
        #expect(relay.summary.contains("open to publishers, 100 streams at most"))
    }

    @Test("what makes no sense beside or below publish is refused with its place")
    func wrong() {
        #expect(
            errors("cameras:\n  van-1: {publish: true, main: \"rtsp://h/a\"}\n")
                == [
                    "relays.yaml:2:26: cameras.van-1.main: found main beside publish, expected publish, title and groups alone"
                ]
        )
        #expect(
            errors("cameras:\n  van-1: {publish: false}\n") == [
                #"relays.yaml:2:20: cameras.van-1.publish: found "false", expected true, or settings; leave the camera out where nobody may publish"#
            ])
        #expect(
            errors("cameras: {van-1: {publish: {takover: true}}}").first?.contains("did you mean takeover?") == true)
        #expect(
            errors("cameras: {van-1: {publish: {streams: 3}}}").first?
                .contains("streams and linger are for names that end in /*") == true)
        #expect(errors("cameras: {\"in/*\": {main: \"rtsp://h/a\"}}").first?.contains("publish: true") == true)
        #expect(errors("cameras: {\"i*n\": {publish: true}}").first?.contains("incoming/*") == true)
        #expect(errors("cameras: {\"*\": {publish: true}}").count == 1)
        #expect(errors("cameras: {\"/*\": {publish: true}}").count == 1)
    }
}
