import NIOCore
import Testing

@testable import RTSPTransport

@Suite("Address census")
struct AddressCensusTests {
    private func network(_ text: String) throws -> Network {
        Network(try SocketAddress(ipAddress: text, port: 1))
    }

    @Test("an IPv4 address is one customer, mapped or not; of IPv6 a /64 is")
    func networks() throws {
        #expect(try network("192.0.2.1") == network("::ffff:192.0.2.1"))
        #expect(try network("192.0.2.1") != network("192.0.2.2"))
        #expect(try network("2001:db8::1") == network("2001:db8::ffff:ffff:1:1"))
        #expect(try network("2001:db8::1") != network("2001:db8:0:1::1"))
    }

    @Test("who left may come again, and nobody is remembered who is not there")
    func counting() throws {
        var limits = ConnectionLimits()
        limits.connectionsPerAddress = 1
        limits.connections = 2
        let census = AddressCensus(limits: limits)
        let first = try network("192.0.2.1")
        let second = try network("192.0.2.2")
        #expect(census.arrived(from: first) == .admitted)
        #expect(census.arrived(from: first) == .tooManyFromAddress)
        #expect(census.arrived(from: second) == .admitted)
        #expect(census.arrived(from: try network("192.0.2.3")) == .tooMany)
        census.left(first)
        #expect(census.arrived(from: first) == .admitted)
        census.left(first)
        census.left(second)
        #expect(census.networks == 0)
    }

    @Test("a mapped address shows its IPv4 form, others stay as they are")
    func unmapped() throws {
        #expect(try SocketAddress(ipAddress: "::ffff:192.0.2.7", port: 9).unmapped.brief == "192.0.2.7:9")
        #expect(try SocketAddress(ipAddress: "2001:db8::7", port: 9).unmapped.brief == "[2001:db8::7]:9")
        #expect(try SocketAddress(ipAddress: "192.0.2.7", port: 9).unmapped.brief == "192.0.2.7:9")
    }
}
