import NIOCore
import NIOPosix
import RTSP
import Testing

@testable import RTSPTransport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

@Suite("RTSP listener")
struct RTSPListenerTests {
    @Test("S5 twenty OPTIONS in one write are answered in order")
    func pipelined() async throws {
        try await withServer { server in
            let peer = try await server.connect()
            peer.write((1...20).map { "OPTIONS * RTSP/1.0\r\nCSeq: \($0)\r\n\r\n" }.joined())
            try await peer.expectResponses(20)
            #expect(peer.sequence == (1...20).map(String.init))
            #expect(server.listener.counters.requests == 20)
            await peer.close()
        }
    }

    @Test("an answer larger than any buffer is read whole before the connection ends")
    func refusalIsHeard() async throws {
        try await withServer { server in
            let peer = try await server.connect()
            // More than is read in one go: closing at once would answer the rest with a reset.
            peer.write("OPTIONS * RTSP/1.0\r\nX: " + String(repeating: "a", count: 300_000))
            try await peer.expect("RTSP/1.0 431 ")
            try await peer.expectClose()
        }
    }

    @Test("a request that never ends is answered 408 and cut")
    func slowloris() async throws {
        try await withServer(limits: { $0.requestTime = .milliseconds(50) }) { server in
            let peer = try await server.connect()
            peer.write("OPTIONS * RTSP/1.0\r\nCS")
            try await peer.expect("RTSP/1.0 408 ")
            try await peer.expectClose()
            #expect(server.listener.counters.slowRequests == 1)
        }
    }

    @Test("a connection that asks nothing is cut, and one with a session stays")
    func idle() async throws {
        try await withServer(limits: { $0.idleTime = .seconds(12) }) { server in
            let viewer = try await server.connect()
            viewer.write("SETUP * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
            try await viewer.expectResponses(1)
            let idler = try await server.connect()
            try await idler.expectClose()
            #expect(server.listener.counters.idle == 1)
            #expect(!viewer.isClosed)
            viewer.write("TEARDOWN * RTSP/1.0\r\nCSeq: 2\r\n\r\n")
            try await viewer.expectClose()
            #expect(viewer.statuses == [200, 200])
        }
    }

    @Test("one address has so many connections and no more, and may come again when one is gone")
    func perAddress() async throws {
        try await withServer(limits: { $0.connectionsPerAddress = 2 }) { server in
            let first = try await server.connect()
            let second = try await server.connect()
            try await eventually("two open") { server.listener.counters.open == 2 }
            let third = try await server.connect()
            try await third.expectClose()
            #expect(server.listener.counters.refusedByAddress == 1)
            await first.close()
            try await eventually("one open") { server.listener.counters.open == 1 }
            let fourth = try await server.connect()
            fourth.write("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
            try await fourth.expectResponses(1)
            await second.close()
            await fourth.close()
        }
    }

    @Test("a peer that asks on and never reads is not read on either, and gets every answer when it reads again")
    func unreadAnswers() async throws {
        try await withServer(limits: { $0.unreadAnswerBytes = 10_000 }) { server in
            let peer = try await server.connect()
            peer.write("SETUP * RTSP/1.0\r\nCSeq: 0\r\n\r\n")
            try await peer.expectResponses(1)
            try await peer.pauseReading(true)
            let padding = String(repeating: "7", count: 7000)
            for _ in 0..<2000 { peer.write("GET_PARAMETER * RTSP/1.0\r\nCSeq: \(padding)\r\n\r\n") }
            var last = -1
            try await eventually("the server stopped reading", within: .seconds(20)) {
                let now = server.listener.counters.requests
                defer { last = now }
                try await Task.sleep(for: .milliseconds(50))
                return now > 1 && now == last
            }
            #expect(server.listener.counters.requests < 2001)
            try await peer.pauseReading(false)
            try await eventually("all answers", within: .seconds(20)) {
                server.listener.counters.requests == 2001 && peer.receivedBytes.readableBytes > 2000 * 7000
            }
            await peer.close()
        }
    }

    @Test("accepted sockets inherit what notices dead peers")
    func deadPeers() async throws {
        let group = MultiThreadedGroup.one()
        let values = PeerNames()
        let tcp = SocketOptionLevel(Int(IPPROTO_TCP))
        let options = [TCP_USER_TIMEOUT, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT, TCP_NODELAY]
        let server = try await ServerBootstrap(group: group)
            .deadPeersNoticed()
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    for option in options {
                        let socketOption = ChannelOptions.Types.SocketOption(
                            level: tcp,
                            name: SocketOptionName(option)
                        )
                        let value = try channel.syncOptions?.getOption(socketOption)
                        values.note(value.map { "\($0)" })
                    }
                    let keepAlive = try channel.syncOptions?.getOption(.socketOption(.so_keepalive))
                    values.note(keepAlive.map { "\($0)" })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let peer = try await TestPeer.connect(to: try #require(server.localAddress), on: group)
        try await eventually("the options were read") { values.all.count == 6 }
        #expect(values.all == ["60000", "30", "10", "3", "1", "1"])
        await peer.close()
        try await server.close()
        try await group.shutdownGracefully()
    }

    @Test("all addresses together have so many connections and no more")
    func total() async throws {
        try await withServer(limits: { $0.connections = 1 }) { server in
            let first = try await server.connect()
            try await eventually("one open") { server.listener.counters.open == 1 }
            let second = try await server.connect()
            try await second.expectClose()
            #expect(server.listener.counters.refusedByTotal == 1)
            await first.close()
        }
    }

    @Test("a peer that shuts its side, and one that resets, end once and leave nothing")
    func ends() async throws {
        try await withServer { server in
            let half = try await server.connect()
            half.write("SETUP * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
            try await half.expectResponses(1)
            await half.shutWriting()
            try await eventually("the half-open connection ended") { server.record.snapshot.closed == 1 }
            let reset = try await server.connect()
            reset.write("SETUP * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
            try await reset.expectResponses(1)
            try await reset.reset()
            try await eventually("the reset connection ended") { server.record.snapshot.closed == 2 }
            try await eventually("none open") { server.listener.counters.open == 0 }
            #expect(server.record.snapshot.made == 2)
        }
    }

    @Test("hundreds of connections come and go and leave no state")
    func churn() async throws {
        try await withServer { server in
            for _ in 0..<20 {
                try await withThrowingTaskGroup(of: Void.self) { tasks in
                    for number in 0..<20 {
                        tasks.addTask {
                            let peer = try await server.connect()
                            if number % 3 > 0 {
                                peer.write("SETUP * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
                                try await peer.expectResponses(1)
                            }
                            if number.isMultiple(of: 2) { try await peer.reset() } else { await peer.close() }
                        }
                    }
                    try await tasks.waitForAll()
                }
            }
            try await eventually("none open") {
                server.listener.counters.accepted == 400 && server.listener.counters.open == 0
            }
            #expect(server.listener.connectedNetworks == 0)
            let record = server.record.snapshot
            #expect(record.made == record.closed)
        }
    }

    @Test("a server that stops says goodbye, lets the answer in flight out and closes within its bound")
    func shutdown() async throws {
        try await withServer { server in
            let playing = try await server.connect()
            playing.write("SETUP * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
            try await playing.expectResponses(1)
            let waiting = try await server.connect()
            waiting.write("HOLD * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
            try await eventually("held") { server.record.snapshot.held.count == 1 }
            let begin = ContinuousClock.now
            async let stopped: Void = server.listener.shutdown(within: .seconds(5))
            try await eventually("both were told") { server.record.snapshot.stops == 2 }
            server.record.releaseHeld()
            try await waiting.expectResponses(1)
            try await waiting.expectClose()
            try await playing.expectClose()
            await stopped
            #expect(ContinuousClock.now - begin < .seconds(5))
            #expect(server.record.snapshot.closed == 2)
            await #expect(throws: (any Error).self) { _ = try await server.connect() }
        }
    }

    @Test("a request that is never answered does not hold up the stop beyond its bound")
    func shutdownBound() async throws {
        try await withServer { server in
            let peer = try await server.connect()
            peer.write("HOLD * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
            try await eventually("held") { server.record.snapshot.held.count == 1 }
            await server.listener.shutdown(within: .milliseconds(50))
            #expect(server.record.snapshot.closed == 1)
            server.record.releaseHeld()
        }
    }

    @Test("a port that is taken is an error that names it")
    func portTaken() async throws {
        try await withServer { server in
            let port = try #require(server.address.port)
            let configuration = RTSPListenerConfiguration(host: "127.0.0.1", port: port)
            let second = RTSPListener(configuration: configuration, group: server.group) { _ in
                ScriptedResponder(record: server.record)
            }
            do {
                try await second.start()
                Issue.record("two listeners on one port")
            } catch {
                #expect("\(error)".contains("TCP port \(port)"))
            }
        }
    }

    @Test("without a host every address is listened on, and an IPv4 peer is known by its IPv4 address")
    func dualStack() async throws {
        let group = MultiThreadedGroup.one()
        let record = ResponderRecord()
        let peers = PeerNames()
        let listener = RTSPListener(configuration: RTSPListenerConfiguration(port: 0), group: group) { context in
            peers.note(context.peer.ipAddress)
            return ScriptedResponder(record: record)
        }
        try await listener.start()
        let port = try #require(listener.localAddress?.port)
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: port)
        let peer = try await TestPeer.connect(to: address, on: group)
        peer.write("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
        try await peer.expectResponses(1)
        #expect(peers.all == ["127.0.0.1"])
        await peer.close()
        await listener.shutdown()
        try await group.shutdownGracefully()
    }
}
