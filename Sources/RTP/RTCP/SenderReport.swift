import NIOCore

/// The clock of a source and what it has sent (RFC 3550 §6.4.1).
///
/// ```
/// V P RC │ PT=200 │ length
/// SSRC of the sender
/// NTP timestamp, 64 bits
/// RTP timestamp of the same instant
/// packets sent
/// payload octets sent
/// RC × report block
/// ```
package struct SenderReport: Sendable, Hashable {
    package static let packetType: UInt8 = 200

    package var ssrc: UInt32
    package var ntp: NTPTime
    /// The same instant on the media clock.
    package var rtpTimestamp: UInt32
    package var packetCount: UInt32
    /// Payload bytes, without headers and padding.
    package var octetCount: UInt32
    /// At most 31 go out.
    package var reports: [ReportBlock]

    package init(
        ssrc: UInt32,
        ntp: NTPTime,
        rtpTimestamp: UInt32,
        packetCount: UInt32,
        octetCount: UInt32,
        reports: [ReportBlock] = []
    ) {
        self.ssrc = ssrc
        self.ntp = ntp
        self.rtpTimestamp = rtpTimestamp
        self.packetCount = packetCount
        self.octetCount = octetCount
        self.reports = reports
    }

    init?(from body: inout ByteBuffer, reportCount: Int) {
        guard
            let (ssrc, ntp, timestamp, packets, octets) = body.readMultipleIntegers(
                as: (UInt32, UInt64, UInt32, UInt32, UInt32).self)
        else { return nil }
        self.init(
            ssrc: ssrc,
            ntp: NTPTime(rawValue: ntp),
            rtpTimestamp: timestamp,
            packetCount: packets,
            octetCount: octets,
            reports: ReportBlock.read(reportCount, from: &body)
        )
    }

    /// Writes one RTCP packet, header included; alone it is no legal compound (RFC 3550 §6.1).
    package func write(into buffer: inout ByteBuffer) {
        let blocks = reports.prefix(31)
        RTCPHeader(count: blocks.count, packetType: Self.packetType, bodyLength: 24 + blocks.count * ReportBlock.length)
            .write(into: &buffer)
        buffer.writeMultipleIntegers(ssrc, ntp.rawValue, rtpTimestamp, packetCount, octetCount)
        for block in blocks { block.write(into: &buffer) }
    }
}
