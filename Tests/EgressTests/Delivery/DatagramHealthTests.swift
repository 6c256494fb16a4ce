import RTSPTransport
import Testing

@testable import Egress

@Suite("Whether the kernel takes datagrams")
struct DatagramHealthTests {
    private func counters(sent: Int, failed: Int) -> DatagramCounters {
        var counters = DatagramCounters()
        counters.sent = sent
        counters.failed = failed
        counters.lastFailure = failed > 0 ? 101 : 0
        return counters
    }

    @Test("Three looks that find refusals alone are a failure; looks that find nothing neither count nor forgive")
    func refusals() {
        var health = DatagramHealth()
        #expect(health.looked(at: counters(sent: 9, failed: 0)) == nil)
        #expect(health.looked(at: counters(sent: 9, failed: 1)) == nil)
        #expect(health.looked(at: counters(sent: 9, failed: 1)) == nil)
        #expect(health.looked(at: counters(sent: 9, failed: 2)) == nil)
        #expect(health.looked(at: counters(sent: 9, failed: 3)) == 101)
    }

    @Test("One datagram that goes through forgives, whatever is refused beside it")
    func some() {
        var health = DatagramHealth()
        for look in 1...20 {
            let sent = look / 3
            #expect(health.looked(at: counters(sent: sent, failed: look)) == nil)
        }
    }
}
