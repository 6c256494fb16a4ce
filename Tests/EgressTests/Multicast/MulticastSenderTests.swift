import NIOCore
import RTSPTransport
import Reflector
import TestSupport
import Testing

@testable import Egress

@Suite("Who sends a stream to its group")
struct MulticastSenderTests {
    private static func configuration(interface: String) throws -> MulticastConfiguration {
        MulticastConfiguration(
            addresses: try MulticastRange(parsing: "239.255.78.20"), sending: MulticastSending(interface: interface))
    }

    @Test("One whose sockets are not open yet gives way to a viewer who knows other tracks")
    func otherTracks() async throws {
        let record = LogRecord()
        let groups = MulticastGroups(try Self.configuration(interface: "127.0.0.1"), logger: record.logger)
        try await LoopbackRelay.run { _, camera in
            let stream = camera.stream
            let tracks = try await stream.describe(on: stream.homeLoop).get().tracks
            let gaveWay = try await stream.homeLoop.submit {
                guard let claim = groups.claim(for: stream, eventLoop: stream.homeLoop) else { return false }
                defer { claim.release() }
                let old = groups.sender(of: stream, knowing: Array(tracks.prefix(1)), to: claim.group)
                _ = old?.play(1, claim: NIOLoopBound(claim, eventLoop: stream.homeLoop), tracks: [0])
                let new = groups.sender(of: stream, knowing: tracks, to: claim.group)
                return old != nil && new != nil && new !== old
            }.get()
            #expect(gaveWay)
        }
    }

    @Test("An interface that is not there is said at the start, and once more however often PLAY asks for it")
    func missingInterface() async throws {
        let record = LogRecord()
        let groups = MulticastGroups(try Self.configuration(interface: "nowhere0"), logger: record.logger)
        #expect(record.lines.count { $0.contains("error no multicast until its interface is there") } == 1)
        try await LoopbackRelay.run { _, camera in
            let stream = camera.stream
            let tracks = try await stream.describe(on: stream.homeLoop).get().tracks
            for _ in 0..<3 {
                await #expect(throws: ListeningError.noInterface("nowhere0")) {
                    try await stream.homeLoop.flatSubmit { () -> EventLoopFuture<PlayStart> in
                        guard let claim = groups.claim(for: stream, eventLoop: stream.homeLoop),
                            let sender = groups.sender(of: stream, knowing: tracks, to: claim.group)
                        else { return stream.homeLoop.makeFailedFuture(CancellationError()) }
                        let bound = NIOLoopBound(claim, eventLoop: stream.homeLoop)
                        return sender.play(1, claim: bound, tracks: [0]).always { _ in bound.value.release() }
                    }.get()
                }
            }
        }
        #expect(record.lines.count { $0.contains("cannot send multicast") } == 1)
    }

    @Test(
        "Packets that the kernel refuses are said once, the sockets are opened anew, and the end tells how many they were"
    )
    func refused() async throws {
        let record = LogRecord()
        let configuration = try Self.configuration(interface: "127.0.0.1")
        let groups = MulticastGroups(configuration, logger: record.logger)
        // The kernel sends no broadcast for sockets that did not ask for it.
        let group = try SocketAddress(ipAddress: "255.255.255.255", port: 0)
        try await LoopbackRelay.run { _, camera in
            let stream = camera.stream
            let loop = stream.homeLoop
            let tracks = try await stream.describe(on: loop).get().tracks
            try await camera.sendGroup()
            let sender = try await loop.submit {
                NIOLoopBound(
                    MulticastSender(
                        of: stream, tracks: tracks, to: group, configuration: configuration, logger: record.logger,
                        look: .milliseconds(10), onEnd: {}),
                    eventLoop: loop)
            }.get()
            _ = try await loop.flatSubmit { () -> EventLoopFuture<PlayStart> in
                guard let claim = groups.claim(for: stream, eventLoop: loop) else {
                    return loop.makeFailedFuture(CancellationError())
                }
                let bound = NIOLoopBound(claim, eventLoop: loop)
                return sender.value.play(1, claim: bound, tracks: [0]).always { _ in bound.value.release() }
            }.get()
            loop.execute { sender.value.playAnswered() }
            try await eventually("it is said") {
                try await camera.sendPictures(1)
                return record.contains("multicast is not sent")
            }
            try await eventually("and tried with other sockets") {
                try await camera.sendGroup()
                return try await loop.submit { sender.value.replacements > 1 }.get()
            }
            #expect(try await stream.viewerCount().get() == 1)
            loop.execute { sender.value.leave(1) }
            try await camera.viewersLeft()
            #expect(record.lines.count { $0.contains("multicast is not sent") } == 1)
            #expect(record.lines.contains { $0.contains("multicast ended") && !$0.contains("failed=0") })
        }
    }
}
