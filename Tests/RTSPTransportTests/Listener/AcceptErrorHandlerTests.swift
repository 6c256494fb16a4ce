import Logging
import NIOCore
import NIOPosix
import Testing

@testable import RTSPTransport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

@Suite("Accept errors")
struct AcceptErrorHandlerTests {
    private func withListener(
        rest: TimeAmount, _ body: (any Channel, ListenerTally) async throws -> Void
    ) async throws {
        let tally = ListenerTally()
        let group = MultiThreadedEventLoopGroup.singleton
        let channel = try await ServerBootstrap(group: group)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        AcceptErrorHandler(tally: tally, logger: Logger(label: "test"), rest: rest))
                }
            }
            .childChannelInitializer { $0.close() }
            .bind(host: "127.0.0.1", port: 0).get()
        try await body(channel, tally)
        try await channel.close()
    }

    private func fail(_ channel: any Channel, _ code: CInt) async throws {
        try await channel.eventLoop.submit {
            channel.pipeline.fireErrorCaught(IOError(errnoCode: code, reason: "accept"))
        }.get()
    }

    @Test(
        "out of descriptors the listener rests, or the loop would spin", arguments: [EMFILE, ENFILE, ENOBUFS, ENOMEM])
    func rests(code: CInt) async throws {
        try await withListener(rest: .hours(1)) { channel, tally in
            try await fail(channel, code)
            try await fail(channel, code)
            #expect(try await channel.getOption(.autoRead).get() == false)
            #expect(tally.snapshot.acceptErrors == 2)
        }
    }

    @Test("after its rest the listener accepts again")
    func goesOn() async throws {
        try await withListener(rest: .milliseconds(1)) { channel, _ in
            try await fail(channel, EMFILE)
            try await eventually("it reads again") { try await channel.getOption(.autoRead).get() }
            let address = try #require(channel.localAddress)
            let peer = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(to: address)
                .get()
            try await peer.closeFuture.get()
        }
    }

    @Test("a peer that gives up in the queue does not make the others wait")
    func aborted() async throws {
        try await withListener(rest: .hours(1)) { channel, tally in
            try await fail(channel, ECONNABORTED)
            #expect(try await channel.getOption(.autoRead).get())
            #expect(tally.snapshot.acceptErrors == 1)
        }
    }
}
