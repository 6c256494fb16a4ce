import Media
import NIOCore
import RTP
import Testing

@Suite struct PacketizerTests {
    @Test("an H.264 access unit in Annex B goes out as its units, with the marker on the last")
    func h264() {
        let slice = Sample.long([0x65, 0x88], 4000)
        let code: [UInt8] = [0, 0, 0, 1]
        let accessUnit = code + Sample.sps + code + Sample.pps + [0, 0, 1] + slice
        var receiver = Normalizing()
        H264Packetizer().packetize(annexB: ByteBuffer(bytes: accessUnit)) { receiver.sent.append($0) }
        #expect(receiver.units() == [Sample.sps, Sample.pps, slice])
        #expect(receiver.payloads.allSatisfy { $0.count <= 1440 })
        #expect(receiver.markers == [false, false, false, false, true])
        #expect(receiver.traits[0] == [.prefix, .parameterSets])
        #expect(receiver.traits[2] == [.startsRandomAccess, .startsPicture, .picture])
        #expect(receiver.traits[3] == .picture)
    }

    @Test("what it makes passes the normalizer untouched")
    func normal() {
        let accessUnit: [UInt8] =
            [0, 0, 1] + Sample.sps + [0, 0, 1] + Sample.pps + [0, 0, 1] + Sample.long([0x65, 0x88], 4000)
        var made: [NormalizedPayload] = []
        H264Packetizer().packetize(annexB: ByteBuffer(bytes: accessUnit)) { made.append($0) }
        var track = Normalizing()
        for payload in made { track.receive(Array(buffer: payload.payload), marker: payload.marker) }
        #expect(track.payloads == made.map { Array(buffer: $0.payload) })
        #expect(track.markers == made.map(\.marker))
        #expect(track.traits == made.map(\.traits))
    }

    @Test("an H.265 access unit goes out as its units, the long one in fragments, with the marker on the last")
    func h265() {
        let slice = Sample.long([0x26, 0x01, 0xAF], 4000)
        let units = [Sample.vps265, Sample.sps265, Sample.pps265, slice].map { ByteBuffer(bytes: $0) }
        var track = Normalizing(.h265)
        var made: [NormalizedPayload] = []
        H265Packetizer().packetize(units: units) { made.append($0) }
        for payload in made { track.receive(Array(buffer: payload.payload), marker: payload.marker) }
        #expect(made.count == 6 && made.allSatisfy { $0.payload.readableBytes <= 1440 })
        #expect(made.map(\.marker) == [false, false, false, false, false, true])
        #expect(made[3].traits.contains(.startsRandomAccess))
        #expect(track.payloads == made.map { Array(buffer: $0.payload) })
        H265Packetizer().packetize(units: [ByteBuffer(bytes: [0x26])]) { _ in Issue.record("a payload") }
    }

    @Test("no units give no payloads")
    func nothing() {
        H264Packetizer().packetize(annexB: ByteBuffer(bytes: [1, 2, 3])) { _ in Issue.record("a payload") }
        H264Packetizer().packetize(units: []) { _ in Issue.record("a payload") }
        AACPacketizer().packetize(ByteBuffer()) { _ in Issue.record("a payload") }
        AACPacketizer().packetize(ByteBuffer(repeating: 1, count: 8192)) { _ in Issue.record("a payload") }
    }

    @Test("an AAC unit goes out behind its AU header")
    func aac() {
        var sent: [NormalizedPayload] = []
        AACPacketizer().packetize(ByteBuffer(repeating: 7, count: 371)) { sent.append($0) }
        #expect(sent.count == 1)
        #expect(sent.first?.marker == true)
        #expect(
            sent.first.map { Array(buffer: $0.payload) } == [0, 16, 0x0B, 0x98] + [UInt8](repeating: 7, count: 371))
    }

    @Test("J4 a long AAC unit goes out in fragments that all tell its size, with the marker on the last")
    func longAAC() {
        var sent: [NormalizedPayload] = []
        AACPacketizer().packetize(ByteBuffer(repeating: 7, count: 3000)) { sent.append($0) }
        #expect(sent.map(\.payload.readableBytes) == [1440, 1440, 132])
        #expect(sent.allSatisfy { Array(buffer: $0.payload).starts(with: [0, 16, 0x5D, 0xC0]) })
        #expect(sent.map(\.marker) == [false, false, true])
    }
}
