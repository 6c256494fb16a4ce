import NIOCore
import Reflector
import Testing

@testable import Egress

@Suite("The groups of streams")
struct MulticastAddressesTests {
    private func addresses(_ range: String) throws -> MulticastAddresses {
        MulticastAddresses(try MulticastRange(parsing: range))
    }

    private func path(_ text: String) throws -> StreamPath {
        try #require(StreamPath(text))
    }

    @Test("A stream has its group by its name, the same after a restart, and no other has it")
    func byName() throws {
        var first = try addresses("239.64.0.0/24")
        var second = try addresses("239.64.0.0/24")
        let gate = first.group(for: try path("gate"))
        let held = first.hold(try path("gate"))
        let again = second.group(for: try path("gate"))
        #expect(gate != nil && gate == held && gate == again)
        let all = try (0..<256).map { first.hold(try path("camera-\($0)"))?.ipAddress }
        // The gate has one of them.
        let given = all.compactMap { $0 }
        #expect(given.count == 255 && Set(given).count == 255)
        #expect(!all.contains(gate?.ipAddress))
    }

    @Test("While a stream is held nobody else gets its group; afterwards the one asked for longest ago goes first")
    func exhausted() throws {
        var addresses = try addresses("239.64.0.1-239.64.0.2")
        let (a, b, c) = (try path("a"), try path("b"), try path("c"))
        let held = addresses.hold(a)
        #expect(addresses.hold(a) == held)
        let other = addresses.hold(b)
        #expect(held != nil && other != nil && held != other)
        #expect(addresses.hold(c) == nil && addresses.group(for: c) == nil)
        addresses.release(a)
        #expect(addresses.hold(c) == nil)
        addresses.release(a)
        addresses.release(b)
        // Nobody holds it, and nobody else wants it: it stays.
        #expect(addresses.group(for: a) == held)
        #expect(addresses.hold(c) == other)
        #expect(addresses.hold(b) == held)
        #expect(addresses.group(for: a) == nil)
    }

    @Test("A release too many does no harm")
    func releases() throws {
        var addresses = try addresses("239.64.0.1")
        let (a, b) = (try path("a"), try path("b"))
        addresses.release(a)
        let group = addresses.hold(a)
        addresses.release(a)
        addresses.release(a)
        #expect(addresses.hold(b) == group)
        addresses.release(a)
        #expect(addresses.hold(a) == nil)
    }

    @Test("Of a large range no more is remembered than a bound")
    func bound() throws {
        var addresses = try addresses("239.0.0.0/8")
        let first = try path("0")
        let held = addresses.hold(first)
        for number in 1...MulticastAddresses.mostAssignments + 5 {
            #expect(addresses.group(for: try path("\(number)")) != nil)
        }
        #expect(addresses.group(for: first) == held)
    }
}
