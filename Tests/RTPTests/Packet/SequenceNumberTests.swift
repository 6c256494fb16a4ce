import RTP
import Testing

@Suite struct SequenceNumberTests {
    @Test("G7 distances are signed across the wrap")
    func distance() {
        #expect(SequenceNumber(1).distance(from: SequenceNumber(65535)) == 2)
        #expect(SequenceNumber(65535).distance(from: SequenceNumber(1)) == -2)
        #expect(SequenceNumber(7).distance(from: SequenceNumber(7)) == 0)
        #expect(SequenceNumber(32768).distance(from: SequenceNumber(0)) == -32768)
        #expect(SequenceNumber(32767).distance(from: SequenceNumber(0)) == 32767)
    }

    @Test("advancing wraps both ways")
    func advance() {
        #expect(SequenceNumber(65535).advanced(by: 1) == SequenceNumber(0))
        #expect(SequenceNumber(0).advanced(by: -1) == SequenceNumber(65535))
    }

    @Test("K6 timestamps are compared across the 32 bit wrap")
    func timestamp() {
        #expect(RTPTimestamp(3000).distance(from: RTPTimestamp(UInt32.max - 2999)) == 6000)
        #expect(RTPTimestamp(UInt32.max).distance(from: RTPTimestamp(0)) == -1)
        #expect(RTPTimestamp(UInt32.max).advanced(by: 2) == RTPTimestamp(1))
        #expect(RTPTimestamp(0).advanced(by: -90_000) == RTPTimestamp(UInt32.max - 89_999))
    }
}
