import Ingest
import Logging
import NIOPosix
import Reflector
import Testing
import Web

@testable import Server

@Suite("The fleet, as the API lists it")
struct FleetTests {
    private static func add(_ paths: [String], to directory: StreamDirectory) throws {
        for path in paths {
            let path = try #require(StreamPath(path))
            try directory.add(
                Stream(
                    path: path, homeLoop: MultiThreadedEventLoopGroup.singleton.next(),
                    policy: StreamPolicy(onDemand: true), clock: .system, logger: Logger(label: "test")))
        }
    }

    @Test(
        "First the cameras of the configuration, with title, groups and sub stream; then what was published, with the groups of its prefix"
    )
    func order() async throws {
        let pull = SourceConfiguration.pull(PullConfiguration(url: "rtsp://camera/x", onDemand: true))
        let cameras = [
            CameraConfiguration(
                name: "yard", title: "The yard", groups: ["north"],
                streams: [
                    StreamConfiguration(path: "yard", source: pull),
                    StreamConfiguration(path: "yard/sub", source: pull),
                ]),
            CameraConfiguration(
                name: "studio/*", groups: ["studios"],
                streams: [StreamConfiguration(path: "studio/*", source: .publishBelow(AnnounceConfiguration()))]),
            CameraConfiguration(
                name: "arch", streams: [StreamConfiguration(path: "arch", source: .publish(AnnounceConfiguration()))]),
        ]
        let directory = StreamDirectory()
        try Self.add(
            ["yard", "yard/sub", "arch", "studio/b", "studio/a", "studio/a/sub", "studio/c/sub"], to: directory)
        let statuses = await Fleet(cameras, in: directory).statuses()
        #expect(statuses.map(\.name) == ["yard", "arch", "studio/a", "studio/b", "studio/c/sub"])
        #expect(statuses.map(\.title) == ["The yard", nil, nil, nil, nil])
        #expect(statuses.map(\.groups) == [["north"], [], ["studios"], ["studios"], ["studios"]])
        #expect(statuses.map { $0.sub?.path.rawValue } == ["yard/sub", nil, "studio/a/sub", nil, nil])
        #expect(statuses.map(\.main.state) == [.asleep, .down, .down, .down, .down])
        #expect(statuses[1].main.reason == "nobody publishes to it" && statuses[0].main.reason == nil)
    }
}
