import NIOCore
import Server
import TestSupport
import Testing

@Suite("Receiver reports of viewers, in the log")
struct ViewerReportsTests {
    /// A receiver report of one block (RFC 3550 §6.4.2), by hand, about the sender of `senderReport` and echoing it.
    private static func report(echoing senderReport: [UInt8], fraction: UInt8, lost: UInt8) -> [UInt8] {
        var bytes: [UInt8] = [0x81, 201, 0, 7, 0, 0, 0, 9]
        bytes += senderReport[4..<8] + [fraction, 0, 0, lost] + [0, 0, 0, 1]
        // 900 units of 1/90000 s.
        bytes += [0, 0, 0x03, 0x84]
        return bytes + senderReport[10..<14] + [0, 0, 0, 0]
    }

    @Test(
        "loss, jitter and round trip stand in the line of a viewer that leaves, over TCP and UDP; much loss is told")
    func lines() async throws {
        try await withRelay([.testCamera()]) { relay in
            let url = relay.url("test")
            // The first report is of what a viewer starts with, the second of a burst that all get.
            let overTCP = try await relay.viewer().watch(url)
            let ports = try await FakeViewerPorts.open()
            let overUDP = try await relay.viewer().watch(url, ports: ports)
            for _ in 0..<2 {
                let frame = try await overTCP.viewer.frames.next { $0.channel == 1 && $0.payload[1] == 200 }
                let datagram = try await ports.control.next { $0.bytes[1] == 200 }
                for _ in 0..<2 {
                    try await overTCP.viewer.send(
                        frame: Self.report(echoing: frame.payload, fraction: 64, lost: 7), channel: 1)
                    try await ports.sendControl(
                        Self.report(echoing: datagram.bytes, fraction: 0, lost: 0), to: datagram.sender)
                }
            }
            try await eventually("the notice") { relay.logged("viewer loses packets") == 1 }
            try await overTCP.tearDown()
            try await overUDP.tearDown()
            let left = relay.log.filter { $0.contains(" viewer left ") }
            #expect(left.count == 2)
            let tcp = try #require(left.first), udp = try #require(left.last)
            #expect(tcp.contains(" reported_lost=7 ") && tcp.contains(" reported_loss_percent=25"))
            #expect(udp.contains(" reported_lost=0 ") && udp.contains(" reported_loss_percent=0"))
            for line in left {
                #expect(line.contains(" reported_jitter_ms=10.0 "))
                let trip = try #require(line.split(separator: " ").first { $0.hasPrefix("round_trip_ms=") })
                let milliseconds = try #require(Double(trip.dropFirst(14)))
                #expect(milliseconds < 1000, "\(trip)")
                #expect(line.contains(" shortest_round_trip_ms="))
            }
            await ports.close()
        }
    }
}
