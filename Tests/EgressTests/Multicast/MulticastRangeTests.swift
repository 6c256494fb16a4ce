import Reflector
import Testing

@testable import Egress

@Suite("Ranges of multicast addresses")
struct MulticastRangeTests {
    @Test(
        "A network, two ends or one address, of either family",
        arguments: [
            ("239.64.0.0/24", 256, "239.64.0.0", "239.64.0.255"),
            ("239.64.0.7/30", 4, "239.64.0.4", "239.64.0.7"),
            ("239.64.0.250-239.64.1.9", 16, "239.64.0.250", "239.64.1.9"),
            ("224.0.1.1", 1, "224.0.1.1", "224.0.1.1"),
            ("239.0.0.0/8", 1 << 24, "239.0.0.0", "239.255.255.255"),
            ("ff15::1:0/112", 65_536, "ff15::1:0", "ff15::1:ffff"),
            ("ff15::fffe-ff15::1:1", 4, "ff15::fffe", "ff15::1:1"),
        ]
    )
    func readable(_ text: String, _ count: Int, _ first: String, _ last: String) throws {
        let range = try MulticastRange(parsing: text)
        #expect(range.count == count)
        #expect(range[0]?.ipAddress == first && range[count - 1]?.ipAddress == last)
        #expect(range[count] == nil && range[-1] == nil)
    }

    @Test("Of a range that never ends the first two thousand million count")
    func huge() throws {
        for text in ["ff00::/8", "ff15::-ff15::1:0:0:0", "ff15::/96"] {
            #expect(try MulticastRange(parsing: text).count == Int(Int32.max))
        }
    }

    @Test(
        "What is wrong is told apart",
        arguments: [
            ("", MulticastRange.Flaw.malformed), ("239.1.1.1/", .malformed), ("239.1.1.1/33", .malformed),
            ("239.1.1.1/08", .malformed), ("239.1.1.1-", .malformed), ("239.1.1.1-239.1.1.2-239.1.1.3", .malformed),
            ("239.1.1", .malformed), ("gate", .malformed), ("239.1.1.1:5000", .malformed), ("ff15::/129", .malformed),
            ("10.0.0.0/8", .notMulticast), ("239.1.1.1/3", .notMulticast), ("fe80::1", .notMulticast),
            ("239.1.1.1-240.0.0.0", .notMulticast), ("224.0.0.5", .reserved), ("224.0.0.0/4", .reserved),
            ("239.1.1.2-239.1.1.1", .reversed), ("239.1.1.1-ff15::1", .reversed),
        ]
    )
    func wrong(_ text: String, _ flaw: MulticastRange.Flaw) {
        #expect(throws: flaw) { try MulticastRange(parsing: text) }
    }

    @Test("Texts changed at random are read or refused, and never trap")
    func mutations() {
        var generator = SeededGenerator(seed: 12)
        let seeds = ["239.64.0.0/24", "239.64.0.1-239.64.0.20", "ff15::1:0/112", "ff15::1-ff15::ffff:ffff:ffff:ffff"]
        for round in 0..<4000 {
            var bytes = Array(seeds[round % seeds.count].utf8)
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                bytes[place] = "0123456789abcdf.:/-% ".utf8.randomElement(using: &generator) ?? 0
            }
            guard let range = try? MulticastRange(parsing: String(decoding: bytes, as: UTF8.self)) else { continue }
            #expect(range[0] != nil && range[range.count - 1] != nil && !range.description.isEmpty)
        }
    }

    @Test("Ports come in pairs, one a track, as far as they reach")
    func ports() throws {
        let ports = try #require(MulticastPorts(first: 8002, last: 8005))
        #expect(ports[0] == .init(rtp: 8002, rtcp: 8003) && ports[1] == .init(rtp: 8004, rtcp: 8005))
        #expect(ports[2] == nil && ports[-1] == nil)
        #expect(MulticastPorts(first: 65_534, last: 65_535)?[0] == .init(rtp: 65_534, rtcp: 65_535))
        for (first, last) in [(8003, 8004), (8002, 8004), (8004, 8003), (0, 1)] as [(UInt16, UInt16)] {
            #expect(MulticastPorts(first: first, last: last) == nil)
        }
    }
}

/// SplitMix64: the same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
