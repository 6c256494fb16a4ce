/// A payload type with a fixed meaning (RFC 3551 §6, tables 4 and 5).
package struct StaticPayloadType: Sendable, Hashable {
    package var encodingName: String
    /// In Hz.
    package var clockRate: Int
    /// `nil` for video.
    package var channels: Int?

    /// The meaning of `payloadType`; `nil` where it has none without an `a=rtpmap`.
    package init?(_ payloadType: UInt8) {
        guard let entry = Self.table[payloadType] else { return nil }
        (encodingName, clockRate, channels) = entry
    }

    private static let table: [UInt8: (String, Int, Int?)] = [
        0: ("PCMU", 8000, 1),
        3: ("GSM", 8000, 1),
        4: ("G723", 8000, 1),
        5: ("DVI4", 8000, 1),
        6: ("DVI4", 16_000, 1),
        7: ("LPC", 8000, 1),
        8: ("PCMA", 8000, 1),
        // Sampled at 16 kHz; the clock is an error of RFC 1890 that stayed.
        9: ("G722", 8000, 1),
        10: ("L16", 44_100, 2),
        11: ("L16", 44_100, 1),
        12: ("QCELP", 8000, 1),
        13: ("CN", 8000, 1),
        14: ("MPA", 90_000, nil),
        15: ("G728", 8000, 1),
        16: ("DVI4", 11_025, 1),
        17: ("DVI4", 22_050, 1),
        18: ("G729", 8000, 1),
        25: ("CelB", 90_000, nil),
        26: ("JPEG", 90_000, nil),
        28: ("nv", 90_000, nil),
        31: ("H261", 90_000, nil),
        32: ("MPV", 90_000, nil),
        33: ("MP2T", 90_000, nil),
        34: ("H263", 90_000, nil),
    ]
}
