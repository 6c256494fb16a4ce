import Dispatch
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import RTSPTransport

@Suite("Host names of connections")
struct NameLookupTests {
    private let loop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next()

    /// A server on the loopback, which says nothing.
    private func withServer(_ body: (UInt16) async throws -> Void) async throws {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(UInt16(try #require(server.localAddress?.port))))
        } catch {
            result = .failure(error)
        }
        try await server.close()
        try result.get()
    }

    private func connect(
        to host: String, _ port: UInt16, by names: NameLookup, within time: TimeAmount = .minutes(3)
    ) -> EventLoopFuture<any Channel> {
        ClientBootstrap.rtsp(on: loop, within: time).connect(to: host, port: port, on: loop, lookingUpBy: names)
    }

    @Test("An address is connected to without a lookup, IPv6 in brackets or not")
    func literals() async throws {
        let asked = Locked<[String]>([])
        let names = NameLookup { host in
            asked.change { $0.append(host) }
            throw UnknownName(code: 0)
        }
        try await withServer { port in
            try await connect(to: "127.0.0.1", port, by: names).get().close()
            // There is nobody, and mostly no such network in a container.
            for host in ["::1", "[::1]"] { try? await connect(to: host, port, by: names).get().close() }
            #expect(asked.value.isEmpty)
            await #expect(throws: NIOConnectionError.self) {
                try await connect(to: "camera.test", port, by: names).get().close()
            }
            #expect(asked.value == ["camera.test"])
        }
    }

    @Test("A name that is looked up for ever keeps no other from connecting, and is not looked up twice at a time")
    func hanging() async throws {
        let gate = DispatchSemaphore(value: 0)
        let asked = Locked(0)
        let names = NameLookup { host in
            if host == "dead.test" {
                asked.change { $0 += 1 }
                gate.wait()
            }
            return [try SocketAddress(ipAddress: "127.0.0.1", port: 0)]
        }
        try await withServer { port in
            let hanging = connect(to: "dead.test", port, by: names)
            try await eventually("it is asked for") { asked.value == 1 }
            try await connect(to: "alive.test", port, by: names).get().close()
            try await connect(to: "127.0.0.1", port, by: names).get().close()
            for _ in 0..<3 {
                let impatient = connect(to: "DEAD.test", port, by: names, within: .milliseconds(20))
                await #expect(throws: ChannelError.self) { try await impatient.get().close() }
            }
            let cancelled = Task { try await names.addresses(of: "dead.test") }
            cancelled.cancel()
            await #expect(throws: CancellationError.self) { try await cancelled.value }
            #expect(asked.value == 1)
            gate.signal()
            try await hanging.get().close()
            gate.signal()
            try await connect(to: "dead.test", port, by: names).get().close()
            #expect(asked.value == 2, "a new try looks anew")
        }
    }

    @Test("What the system knows is connected to by its name")
    func system() async throws {
        try await withServer { port in
            try await connect(to: "localhost", port, by: .shared).get().close()
            #expect(try await SocketAddress.lookUp("localhost", port: port).first?.port == Int(port))
            await #expect(throws: UnknownName.self) { try await SocketAddress.lookUp("no such name", port: port) }
        }
    }
}
