import NIOCore

/// The compounds a relay sends: each begins with a report and names its source (RFC 3550 §6.1).
package enum RTCPCompound {
    /// SR + SDES: the clock of a track, for a viewer.
    package static func write(_ report: SenderReport, cname: String, into buffer: inout ByteBuffer) {
        report.write(into: &buffer)
        SourceDescription(ssrc: report.ssrc, cname: cname).write(into: &buffer)
    }

    /// RR + SDES: the sign of life for a camera.
    package static func write(_ report: ReceiverReport, cname: String, into buffer: inout ByteBuffer) {
        report.write(into: &buffer)
        SourceDescription(ssrc: report.ssrc, cname: cname).write(into: &buffer)
    }

    /// RR + SDES + BYE: the end of what the reporter sent or received.
    package static func writeGoodbye(
        _ report: ReceiverReport,
        cname: String,
        reason: String? = nil,
        into buffer: inout ByteBuffer
    ) {
        write(report, cname: cname, into: &buffer)
        Goodbye(ssrcs: [report.ssrc], reason: reason).write(into: &buffer)
    }
}
