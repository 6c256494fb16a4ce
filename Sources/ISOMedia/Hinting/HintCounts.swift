import NIOCore

/// What is counted while a hint track is written: its `hinf` (ISO/IEC 14496-12 §9.1.5).
struct HintCounts: Sendable {
    private(set) var packets: UInt64 = 0
    private(set) var payloadBytes: UInt64 = 0
    private(set) var repeatedBytes: UInt64 = 0
    private(set) var largestPacket: UInt32 = 0
    /// The most bytes, with headers, in any second of the movie.
    private(set) var peak: UInt64 = 0
    var mediaBytes: UInt64 = 0
    var immediateBytes: UInt64 = 0
    private var second: Int64 = .min
    private var bytesInSecond: UInt64 = 0

    private static let headerLength = 12

    /// Counts a packet; `payload` in bytes, `due` in microseconds.
    mutating func count(payload: Int, due: Int64, traits: PacketBatch.Traits) {
        packets += 1
        payloadBytes += UInt64(payload)
        if traits.contains(.repeated) { repeatedBytes += UInt64(payload) }
        largestPacket = max(largestPacket, UInt32(clamping: payload + Self.headerLength))
        if due / 1_000_000 != second { (second, bytesInSecond) = (due / 1_000_000, 0) }
        bytesInSecond += UInt64(payload + Self.headerLength)
        peak = max(peak, bytesInSecond)
    }

    /// With RTP headers.
    var bytes: UInt64 { payloadBytes + packets * UInt64(Self.headerLength) }

    /// Writes `hinf`; `map` is the `a=rtpmap` of the payload type, without it.
    func write(payloadType: UInt8, map: String, to buffer: inout ByteBuffer) {
        buffer.writeBox("hinf") { box in
            let long: [(FourCC, UInt64)] = [
                ("trpy", bytes), ("nump", packets), ("tpyl", payloadBytes), ("dmed", mediaBytes),
                ("dimm", immediateBytes), ("drep", repeatedBytes),
            ]
            for (type, value) in long { box.writeBox(type) { $0.writeInteger(value) } }
            let short: [(FourCC, UInt64)] = [("totl", bytes), ("npck", packets), ("tpay", payloadBytes)]
            for (type, value) in short { box.writeBox(type) { $0.writeInteger(UInt32(clamping: value)) } }
            box.writeBox("maxr") { $0.writeMultipleIntegers(1000 as UInt32, UInt32(clamping: peak)) }
            for type in ["tmin", "tmax", "dmax"] as [FourCC] { box.writeBox(type) { $0.writeInteger(0 as UInt32) } }
            box.writeBox("pmax") { $0.writeInteger(largestPacket) }
            box.writeBox("payt") { box in
                box.writeMultipleIntegers(UInt32(payloadType), UInt8(clamping: map.utf8.count))
                box.writeBytes(map.utf8.prefix(255))
            }
        }
    }
}
