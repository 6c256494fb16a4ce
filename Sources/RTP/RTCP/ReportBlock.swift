import NIOCore

/// What a receiver says about one source, 24 bytes (RFC 3550 §6.4.1).
///
/// ```
/// ┌───────────────────────────────────────────────┐
/// │ SSRC of the source                            │
/// ├───────────┬───────────────────────────────────┤
/// │ fraction  │ cumulative number lost, signed    │
/// ├───────────┴───────────────────────────────────┤
/// │ cycles of the sequence, highest number        │
/// ├───────────────────────────────────────────────┤
/// │ interarrival jitter, clock units              │
/// ├───────────────────────────────────────────────┤
/// │ LSR: middle 32 bits of the last sender report │
/// ├───────────────────────────────────────────────┤
/// │ DLSR: delay since then, 1/65536 s             │
/// └───────────────────────────────────────────────┘
/// ```
package struct ReportBlock: Sendable, Hashable {
    package static let length = 24

    package var ssrc: UInt32
    /// Lost since the report before, in 1/256.
    package var fractionLost: UInt8
    /// -8 388 608…8 388 607; negative where duplicates came.
    package var cumulativeLost: Int32
    package var extendedHighestSequenceNumber: UInt32
    /// Clock units of the media.
    package var jitter: UInt32
    /// Zero where no sender report came yet.
    package var lastSenderReport: UInt32
    /// 1/65536 seconds.
    package var delaySinceLastSenderReport: UInt32

    package init(
        ssrc: UInt32,
        fractionLost: UInt8 = 0,
        cumulativeLost: Int32 = 0,
        extendedHighestSequenceNumber: UInt32 = 0,
        jitter: UInt32 = 0,
        lastSenderReport: UInt32 = 0,
        delaySinceLastSenderReport: UInt32 = 0
    ) {
        self.ssrc = ssrc
        self.fractionLost = fractionLost
        self.cumulativeLost = cumulativeLost
        self.extendedHighestSequenceNumber = extendedHighestSequenceNumber
        self.jitter = jitter
        self.lastSenderReport = lastSenderReport
        self.delaySinceLastSenderReport = delaySinceLastSenderReport
    }

    init?(from body: inout ByteBuffer) {
        guard
            let (ssrc, loss, highest, jitter, last, delay) = body.readMultipleIntegers(
                as: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32).self)
        else { return nil }
        self.init(
            ssrc: ssrc,
            fractionLost: UInt8(loss >> 24),
            cumulativeLost: Int32(bitPattern: loss << 8) >> 8,
            extendedHighestSequenceNumber: highest,
            jitter: jitter,
            lastSenderReport: last,
            delaySinceLastSenderReport: delay
        )
    }

    func write(into buffer: inout ByteBuffer) {
        let lost = UInt32(bitPattern: max(-0x80_0000, min(cumulativeLost, 0x7F_FFFF))) & 0xFF_FFFF
        buffer.writeMultipleIntegers(
            ssrc, UInt32(fractionLost) << 24 | lost, extendedHighestSequenceNumber,
            jitter, lastSenderReport, delaySinceLastSenderReport
        )
    }

    /// Up to `count` blocks; fewer where the packet ends early.
    static func read(_ count: Int, from body: inout ByteBuffer) -> [ReportBlock] {
        var blocks: [ReportBlock] = []
        while blocks.count < count, let block = ReportBlock(from: &body) { blocks.append(block) }
        return blocks
    }
}
