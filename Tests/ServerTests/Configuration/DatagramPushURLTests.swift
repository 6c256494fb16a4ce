import Testing

@testable import Server

@Suite("Where streams are sent without a server")
struct DatagramPushURLTests {
    @Test(
        "An address, a group or a name, and an even port, under either scheme",
        arguments: [
            ("rtp://239.70.0.1:5004", "239.70.0.1", 5004), ("udp://10.20.3.7:6000/", "10.20.3.7", 6000),
            ("RTP://[ff15::70]:5004", "ff15::70", 5004), ("rtp://decoder.lan:65534", "decoder.lan", 65_534),
        ]
    )
    func readable(_ text: String, _ host: String, _ port: UInt16) throws {
        #expect(DatagramPushURL.isMeant(by: text))
        let url = try DatagramPushURL(parsing: text)
        #expect(url.host == host && url.port == port)
    }

    @Test(
        "What is wrong gets a hint of its own",
        arguments: [
            ("rtp://10.0.0.1:5005", "an even port"), ("rtp://10.0.0.1", "an even port"),
            ("rtp://10.0.0.1:0", "an even port"), ("udp://@239.1.1.1:5004", "leave out the @"),
            ("rtp://10.0.0.1:5004?ttl=3", "write ttl:"), ("rtp://{camera}:5004", "one camera a push"),
            ("rtp://:5004", "an address, a multicast group"), ("rtp://ff15::1:5004", "IPv6 in brackets"),
            ("rtp://0.0.0.0:5004", "to somebody"), ("rtp://a b:5004", "an address"),
        ]
    )
    func wrong(_ text: String, _ hint: String) {
        do {
            _ = try DatagramPushURL(parsing: text)
            Issue.record("\(text) was read")
        } catch {
            let found = error.hint ?? ""
            #expect(found.contains(hint))
        }
    }

    @Test("URLs changed at random are read or refused, and never trap")
    func mutations() {
        var state: UInt64 = 7
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let seeds = ["rtp://239.70.0.1:5004", "udp://[ff15::70]:5004", "rtp://decoder.lan:5004/"]
        let alphabet = Array("0123456789abf:/[].@?{}-% \u{E9}".unicodeScalars)
        for round in 0..<4000 {
            var scalars = Array(seeds[round % seeds.count].unicodeScalars)
            for _ in 0..<1 + next(3) { scalars[next(scalars.count)] = alphabet[next(alphabet.count)] }
            let text = String(String.UnicodeScalarView(scalars))
            guard let url = try? DatagramPushURL(parsing: text) else { continue }
            #expect(!url.host.isEmpty && url.port.isMultiple(of: 2) && url.port > 0)
        }
    }
}
