import Media
import NIOCore
import Testing

@testable import RTSP

/// A relay that asks another one, or a camera.
@Suite struct PlayClientRelayTests {
    private static let own = RelayIdentity(1)

    private func dialogue() throws -> PlayDialogue { try PlayDialogue(relay: Self.own) }

    @Test("A camera is never told who asks; another relay is, once it has said that it is one")
    func told() throws {
        let camera = try dialogue()
        camera.describe()
        #expect(camera.asked?.headers["Via"] == nil)
        #expect(camera.machine.upstream.isDirect)

        let relay = try dialogue()
        #expect(relay.asked?.headers["Via"] == nil)
        relay.answer(200, ["Via": "RTSP/1.0 heliograph-2"])
        #expect(relay.asked?.headers.via == RelayChain.direct.through(Self.own))
        #expect(relay.machine.upstream == RelayChain(["heliograph-2"]))
        relay.answer(200, ["Via": "RTSP/1.0 far, RTSP/1.0 heliograph-2"], body: PlayDialogue.video)
        #expect(relay.asked?.method == .setup)
        #expect(relay.asked?.headers.via == RelayChain.direct.through(Self.own))
        #expect(relay.machine.upstream == RelayChain(["far", "heliograph-2"]))
    }

    @Test("A stream that has come from here, or through too many, is a loop; so is 508")
    func loops() throws {
        let long = (0..<RelayChain.limit).map { "RTSP/1.0 relay-\($0)" }.joined(separator: ", ")
        for via in ["RTSP/1.0 far, RTSP/1.0 \(Self.own), RTSP/1.0 heliograph-2", long] {
            let ring = try dialogue()
            #expect(ring.describe(headers: ["Via": via]).error == .loop)
        }
        let refused = try dialogue()
        refused.answer(200, ["Via": "RTSP/1.0 heliograph-2"])
        #expect(refused.answer(508).error == .loop)
        #expect("\(PlayClientError.loop)".hasPrefix("loop:"))
    }
}
