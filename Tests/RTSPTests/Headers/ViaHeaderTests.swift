import Media
import RTSP
import Testing

@Suite struct ViaHeaderTests {
    @Test("The relays are read in their order, with comments, from one header or several")
    func reading() {
        var headers = RTSPHeaders()
        headers.add("Via", "RTSP/1.0 heliograph-a (Heliograph), 1.0 proxy.example:554")
        headers.add("via", " RTSP/1.0\theliograph-b")
        #expect(headers.via == RelayChain(["heliograph-a", "proxy.example:554", "heliograph-b"]))
        #expect(RTSPHeaders().via.isDirect)
    }

    @Test("What is written is read again")
    func roundTrip() {
        let chain = RelayChain.direct.through(RelayIdentity(1)).through(RelayIdentity(.max))
        #expect(ViaHeader(parsing: [ViaHeader(chain).serialized]).chain == chain)
        #expect(ViaHeader(chain).serialized.hasSuffix("RTSP/1.0 heliograph-ffffffffffffffff"))
    }

    @Test("A relay finds itself again, and a way that is too long goes through nobody")
    func loops() {
        let (own, other) = (RelayIdentity(1), RelayIdentity(2))
        let chain = RelayChain.direct.through(own)
        #expect(chain.loops(through: own))
        #expect(!chain.loops(through: other))
        let long = RelayChain((0..<RelayChain.limit).map { "relay-\($0)" })
        #expect(long.loops(through: other))
        #expect(!RelayChain((1..<RelayChain.limit).map { "relay-\($0)" }).loops(through: other))
        #expect(chain.meets(RelayChain(["x", own.description])))
        #expect(!chain.meets(.direct))
    }

    @Test("Names of others are counted and carried on, and tell nothing about who is who")
    func proxies() {
        let proxied = RelayChain(["proxy"])
        #expect(!proxied.meets(proxied) && !proxied.namesRelay && !RelayChain.direct.namesRelay)
        #expect(proxied.through(RelayIdentity(1)).namesRelay)
        #expect(proxied.through(RelayIdentity(1)).names == ["proxy", RelayIdentity(1).description])
    }

    @Test("Whatever stands in it costs a bounded chain", arguments: 0..<200)
    func mutations(seed: UInt64) {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        let pieces = [
            ",", " ", "RTSP/1.0", "\"", "(", ")", "\\", "heliograph-1", "\u{0}", "é", ";",
            String(repeating: "x", count: 400),
        ]
        var text = ""
        for _ in 0..<300 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            text += pieces[Int(state >> 33) % pieces.count]
        }
        let chain = ViaHeader(parsing: [text, text]).chain
        #expect(chain.names.count <= RelayChain.limit + 1)
        #expect(chain.names.allSatisfy { $0.utf8.count <= 128 })
    }
}
