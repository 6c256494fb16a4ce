import NIOCore

/// What a receiver that sends nothing itself has got (RFC 3550 §6.4.2).
///
/// ```
/// V P RC │ PT=201 │ length
/// SSRC of the receiver
/// RC × report block
/// ```
package struct ReceiverReport: Sendable, Hashable {
    package static let packetType: UInt8 = 201

    package var ssrc: UInt32
    /// At most 31 go out.
    package var reports: [ReportBlock]

    package init(ssrc: UInt32, reports: [ReportBlock] = []) {
        self.ssrc = ssrc
        self.reports = reports
    }

    init?(from body: inout ByteBuffer, reportCount: Int) {
        guard let ssrc = body.readInteger(as: UInt32.self) else { return nil }
        self.init(ssrc: ssrc, reports: ReportBlock.read(reportCount, from: &body))
    }

    /// Writes one RTCP packet, header included; alone it is no legal compound (RFC 3550 §6.1).
    package func write(into buffer: inout ByteBuffer) {
        let blocks = reports.prefix(31)
        RTCPHeader(count: blocks.count, packetType: Self.packetType, bodyLength: 4 + blocks.count * ReportBlock.length)
            .write(into: &buffer)
        buffer.writeInteger(ssrc)
        for block in blocks { block.write(into: &buffer) }
    }
}
