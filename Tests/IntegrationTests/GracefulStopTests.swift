import Ingest
import NIOCore
import Server
import TestSupport
import Testing

@Suite("A relay that is stopped", .onQuietMachine)
struct GracefulStopTests {
    @Test("viewers get BYE and the end of their connection within two seconds, and the camera its TEARDOWN")
    func stop() async throws {
        let camera = try await FakeCamera.start()
        try await withRelay([.pulled("gate", PullConfiguration(url: camera.url))]) { relay in
            let overTCP = try await relay.viewer().watch(relay.url("gate"))
            let ports = try await FakeViewerPorts.open()
            let overUDP = try await relay.viewer().watch(relay.url("gate"), ports: ports)
            _ = try await overTCP.viewer.frames.next { $0.channel == 0 }
            _ = try await ports.media.next()

            let begin = NIODeadline.now()
            async let stopping: Void = relay.stop()
            _ = try await overTCP.viewer.frames.next { $0.channel == 1 && saysGoodbye($0.payload) }
            _ = try await ports.control.next { saysGoodbye($0.bytes) }
            try await overTCP.viewer.closed()
            try await overUDP.viewer.closed()
            #expect(NIODeadline.now() - begin < .seconds(2))
            await stopping
            #expect(camera.requests("TEARDOWN").count == 1)
            await ports.close()
        }
        try await camera.stop()
    }
}
