/// The main header of a JPEG payload (RFC 2435 §3.1).
///
/// ```
/// ┌───────────────┬───────────────────────────────────────────────┐
/// │ type-specific │ fragment offset                               │
/// ├───────────────┼───────────────┬───────────────┬───────────────┤
/// │ type          │ Q             │ width / 8     │ height / 8    │
/// ├───────────────┴───────────────┼─┬─┬───────────┴───────────────┤
/// │ type 64–127: restart interval │F│L│ restart count             │
/// ├───────────────┬───────────────┼─┴─┴───────────────────────────┤
/// │ Q ≥ 128: MBZ  │ precision     │ length of the tables that follow, in the first fragment only
/// └───────────────┴───────────────┴───────────────────────────────┘
/// ```
struct JPEGPayloadHeader {
    static let mainLength = 8

    var fragmentOffset: UInt32
    var hasRestartHeader: Bool
    /// Index of the first byte of scan data, behind restart header and quantization tables.
    var bodyStart: Int

    /// `nil` where the payload ends inside its headers.
    init?(_ payload: UnsafeRawBufferPointer) {
        guard payload.count >= Self.mainLength else { return nil }
        fragmentOffset = UInt32(payload[1]) << 16 | UInt32(payload[2]) << 8 | UInt32(payload[3])
        hasRestartHeader = (64...127).contains(payload[4])
        bodyStart = Self.mainLength + (hasRestartHeader ? 4 : 0)
        if fragmentOffset == 0, payload[5] >= 128 {
            guard bodyStart + 4 <= payload.count else { return nil }
            bodyStart += 4 + (Int(payload[bodyStart + 2]) << 8 | Int(payload[bodyStart + 3]))
        }
        guard bodyStart <= payload.count else { return nil }
    }

    var traits: PayloadTraits {
        fragmentOffset == 0 ? [.startsRandomAccess, .startsPicture, .picture] : .picture
    }
}
