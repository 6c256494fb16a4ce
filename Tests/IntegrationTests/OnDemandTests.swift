import Foundation
import Ingest
import NIOCore
import Server
import TestSupport
import Testing

@Suite("Sources on demand", .onQuietMachine)
struct OnDemandTests {
    @Test("two viewers who arrive at once cause one pull, which ends after the linger behind the last of them")
    func onePull() async throws {
        let camera = try await FakeCamera.start()
        let pull = PullConfiguration(url: camera.url, onDemand: true, linger: .seconds(1))
        try await withRelay([.pulled("gate", pull)]) { relay in
            #expect(camera.connectionsAccepted == 0)
            async let first = relay.viewer()
            async let second = relay.viewer()
            let viewers = try await [first, second]
            let watchers = try await withThrowingTaskGroup(of: Watcher.self) { arrivals in
                for viewer in viewers { arrivals.addTask { try await viewer.watch(relay.url("gate")) } }
                return try await arrivals.reduce(into: []) { $0.append($1) }
            }
            for watcher in watchers { _ = try await watcher.viewer.frames.next { $0.channel == 0 } }
            #expect(camera.connectionsAccepted == 1)
            #expect(camera.requests("PLAY").count == 1)

            try await watchers[0].tearDown()
            await watchers[1].viewer.close()
            let left = NIODeadline.now()
            try await eventually("the camera is let go") { camera.connectionsOpen == 0 }
            #expect(NIODeadline.now() - left > .milliseconds(900))
            #expect(camera.requests("TEARDOWN").count == 1)
            #expect(camera.connectionsAccepted == 1)
        }
        try await camera.stop()
    }

    @Test("the test camera encodes for its viewers, and for nobody else")
    func testCamera() async throws {
        try await withRelay([.testCamera()]) { relay in
            #expect(relay.logged("camera up") == 0)
            let watcher = try await relay.viewer().watch(relay.url("test"))
            _ = try await watcher.viewer.frames.next { $0.channel == 0 }
            #expect(relay.logged("camera up") == 1)
            try await watcher.tearDown()
            // It stays for two seconds, for those who come right back.
            try await eventually("the camera rests") { relay.logged("camera down") == 1 }
            #expect(relay.logged("camera up") == 1)
            let next = try await relay.viewer().watch(relay.url("test"))
            _ = try await next.viewer.frames.next { $0.channel == 0 }
            #expect(relay.logged("camera up") == 2)
        }
    }
}
