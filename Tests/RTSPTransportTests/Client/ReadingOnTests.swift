import Media
import NIOCore
import NIOPosix
import Testing

@testable import RTSP
@testable import RTSPTransport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

@Suite("A client connection that reads on")
struct ReadingOnTests {
    /// A frame of channel 0 with `byte` in it.
    private static func frame(_ byte: UInt8) -> [UInt8] { [0x24, 0, 0, 1, byte] }

    /// The camera sends the next frame while the one before is being taken in.
    private final class Receiver: RTSPClientReceiver {
        private let camera: CInt
        private var isWatched: Bool
        private var taken: [UInt8] = []
        private let promise: EventLoopPromise<[UInt8]>
        static let last: UInt8 = 7

        init(camera: CInt, isWatched: Bool, promise: EventLoopPromise<[UInt8]>) {
            self.camera = camera
            self.isWatched = isWatched
            self.promise = promise
        }

        var awaitsRest: Bool { isWatched && taken.last != Self.last }

        func received(_ packet: ByteBuffer, track: Int, isControl: Bool, at arrival: NIODeadline) {
            taken += packet.readableBytesView
            guard let next = taken.last.map({ $0 + 1 }), next <= Self.last else { return }
            let bytes = ReadingOnTests.frame(next)
            #expect(send(camera, bytes, bytes.count, 0) == bytes.count)
        }

        func readEnded(at now: NIODeadline) { promise.succeed(taken) }
        func connected(to peer: SocketAddress) {}
        func comesThrough(_ relays: RelayChain) {}
        func prepared(_ tracks: [PlayClientTrack]) {}
        func playing(_ session: PlayClientSession) {}
        func ended(_ end: RTSPClientEnd) {}
    }

    /// What the first read cycle took, of a camera that sends frames 1 to 7 one upon the other.
    private func firstCycle(isWatched: Bool, scheme: String = "rtsp") async throws -> [UInt8] {
        var sockets: [CInt] = [0, 0]
        #expect(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &sockets) == 0)
        let (camera, ours) = (sockets[0], sockets[1])
        defer { close(camera) }
        let first = Self.frame(1)
        #expect(send(camera, first, first.count, 0) == first.count)

        let url = try #require(RTSPURL("\(scheme)://camera.example/stream"))
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = loop.makePromise(of: [UInt8].self)
        let channel = try await ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let connection = RTSPClientConnection(
                        .init(url: url, transport: .tcp, clientNonce: "0123456789abcdef"),
                        receiver: Receiver(camera: camera, isWatched: isWatched, promise: promise),
                        on: channel.eventLoop
                    )
                    connection.phase = .connecting
                    let video = TrackDescription(kind: .video, formats: [TrackFormat(payloadType: 96, codec: .h264)])
                    let path = PlayClientPath.interleaved(ChannelPair(rtp: 0, rtcp: 1))
                    connection.openPaths(of: [PlayClientTrack(index: 0, description: video, path: path)])
                    try channel.pipeline.syncOperations.addHandler(connection)
                }
            }
            .withConnectedSocket(ours)
            .get()
        let taken = try await promise.futureResult.get()
        try? await channel.close()
        return taken
    }

    @Test("What comes of a picture while its first pieces are taken in is read with them, within bounds")
    func pictureInPieces() async throws {
        // The first by the channel, four more past it.
        #expect(try await firstCycle(isWatched: true) == [1, 2, 3, 4, 5])
    }

    @Test("Nothing is read past TLS, whose bytes in the kernel are no frames")
    func encrypted() async throws {
        #expect(try await firstCycle(isWatched: true, scheme: "rtsps") == [1])
    }

    @Test("Where nobody waits for the rest, it is left to the next read cycle")
    func unwatched() async throws {
        #expect(try await firstCycle(isWatched: false) == [1])
    }
}
