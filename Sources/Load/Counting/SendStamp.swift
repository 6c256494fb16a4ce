/// The time of sending that the camera of a measurement writes into its packets, behind the 12 bytes of the RTP header:
///
///      0   1   2 … 9      10 … 17
///     +---+---+----------+------------------------------+
///     | payload header…  | "HELIOBNC" | CLOCK_MONOTONIC, ns |
///     +---+---+----------+------------------------------+
enum SendStamp {
    private static let start = 12 + 2
    private static let magic: UInt64 = 0x4845_4C49_4F42_4E43

    /// Nanoseconds, as the sender's monotonic clock had them; `nil` for a packet without a stamp.
    static func nanoseconds(in packet: UnsafeRawBufferPointer) -> UInt64? {
        guard packet.count >= start + 16 else { return nil }
        let found = UInt64(bigEndian: packet.loadUnaligned(fromByteOffset: start, as: UInt64.self))
        guard found == magic else { return nil }
        return UInt64(bigEndian: packet.loadUnaligned(fromByteOffset: start + 8, as: UInt64.self))
    }
}
