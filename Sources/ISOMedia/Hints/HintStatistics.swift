import NIOCore

/// What a hinter has counted, for whoever wants to know before playing: `hinf` in the track's user data (ISO/IEC 14496-12 §9.1.5).
///
/// Nothing is played by it. Each is `nil` where the hinter told nothing.
package struct HintStatistics: Sendable, Hashable {
    /// The most bytes in any time of this length.
    package struct Peak: Sendable, Hashable {
        /// In milliseconds.
        package let period: UInt32
        package let bytes: UInt32
    }

    /// All packets with their RTP headers (`trpy`, or `totl` of 32 bits), in bytes.
    package private(set) var bytes: UInt64?
    /// `nump`, `npck`.
    package private(set) var packets: UInt64?
    /// Without RTP headers (`tpyl`, `tpay`).
    package private(set) var payloadBytes: UInt64?
    /// `maxr`, one for each period.
    package private(set) var peaks: [Peak] = []
    /// Copied out of media tracks (`dmed`).
    package private(set) var mediaBytes: UInt64?
    /// Standing in the hint samples (`dimm`).
    package private(set) var immediateBytes: UInt64?
    /// In packets that are repeated (`drep`).
    package private(set) var repeatedBytes: UInt64?
    /// The earliest and the latest relative time, in milliseconds (`tmin`, `tmax`).
    package private(set) var earliest: Int32?
    package private(set) var latest: Int32?
    /// With its RTP header (`pmax`), in bytes.
    package private(set) var largestPacket: UInt32?
    /// The longest of a packet, in milliseconds (`dmax`).
    package private(set) var longestDuration: UInt32?
    /// `payt`.
    package private(set) var payloadType: UInt8?
    /// The `a=rtpmap` of that type, without it: `H264/90000`.
    package private(set) var payloadMap: String?

    private static let mostBoxes = 256
    private static let mostPeaks = 32

    /// Reads what stands in `hinf`; what is cut off or unknown is passed over.
    package init(reading boxes: ByteBuffer) {
        var rest = boxes
        var count = 0
        while count < Self.mostBoxes, let size = rest.readInteger(as: UInt32.self),
            let type = rest.readInteger(as: UInt32.self), size >= 8,
            let body = rest.readSlice(length: Int(size) - 8)
        {
            count += 1
            read(FourCC(type), body)
        }
    }

    private mutating func read(_ type: FourCC, _ body: ByteBuffer) {
        let short = body.integer(at: 0, as: UInt32.self)
        let long = body.integer(at: 0, as: UInt64.self)
        switch type {
        case "trpy": bytes = long ?? bytes
        case "totl": bytes = bytes ?? short.map(UInt64.init)
        case "nump": packets = long ?? packets
        case "npck": packets = packets ?? short.map(UInt64.init)
        case "tpyl": payloadBytes = long ?? payloadBytes
        case "tpay": payloadBytes = payloadBytes ?? short.map(UInt64.init)
        case "maxr":
            guard let short, let most = body.integer(at: 4, as: UInt32.self), peaks.count < Self.mostPeaks else {
                break
            }
            peaks.append(Peak(period: short, bytes: most))
        case "dmed": mediaBytes = long
        case "dimm": immediateBytes = long
        case "drep": repeatedBytes = long
        case "tmin": earliest = short.map(Int32.init(bitPattern:))
        case "tmax": latest = short.map(Int32.init(bitPattern:))
        case "pmax": largestPacket = short
        case "dmax": longestDuration = short
        case "payt": readPayloadType(body)
        default: break
        }
    }

    /// A number of 32 bits and a text behind its length.
    private mutating func readPayloadType(_ body: ByteBuffer) {
        guard let number = body.integer(at: 0, as: UInt32.self), number < 128 else { return }
        payloadType = UInt8(number)
        guard let length = body.integer(at: 4, as: UInt8.self), length > 0,
            let text = body.getSlice(at: body.readerIndex + 5, length: Int(length))
        else { return }
        let map = String(decoding: text.readableBytesView, as: UTF8.self)
        payloadMap = map.unicodeScalars.allSatisfy { (33..<127).contains($0.value) } ? map : nil
    }
}
