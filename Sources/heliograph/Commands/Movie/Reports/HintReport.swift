import Foundation
import ISOMedia

/// What a hinter counted of a track's packets, and what follows from it.
struct HintReport: Encodable {
    /// With the RTP headers.
    let bytes: UInt64?
    let payloadBytes: UInt64?
    let packets: UInt64?
    /// Over the length of the track, with the RTP headers.
    let bitsPerSecond: Double?
    /// The most in any of the times that the hinter looked at.
    let peakBitsPerSecond: Double?
    let averagePacket: Double?
    let largestPacket: UInt32?
    /// Of what goes over the wire, the share of headers: RTP, UDP and IPv4.
    let overheadPercent: Double?
    let mediaBytes: UInt64?
    let immediateBytes: UInt64?
    let repeatedBytes: UInt64?

    /// `seconds` is how long the track is.
    init(_ statistics: HintStatistics, seconds: Double) {
        let packets = statistics.packets.map { Double($0) }
        let bytes = statistics.bytes.map { Double($0) }
        self.bytes = statistics.bytes
        self.packets = statistics.packets
        payloadBytes = statistics.payloadBytes
        bitsPerSecond = seconds > 0 ? bytes.map { $0 * 8 / seconds } : nil
        // QuickTime writes the largest number where it has not counted.
        let peaks = statistics.peaks.filter { $0.period > 0 && $0.bytes < Int32.max }
        peakBitsPerSecond = peaks.map { Double($0.bytes) * 8000 / Double($0.period) }.max()
        largestPacket = statistics.largestPacket
        mediaBytes = statistics.mediaBytes
        immediateBytes = statistics.immediateBytes
        repeatedBytes = statistics.repeatedBytes
        if let packets, let bytes, packets > 0 {
            averagePacket = bytes / packets
            let rtpHeaders = statistics.payloadBytes.map { bytes - Double($0) } ?? packets * 12
            // Headers of UDP and IPv4 stand before each packet.
            let wire = bytes + packets * 28
            let share = 100 * (rtpHeaders + packets * 28) / wire
            overheadPercent = (0...100).contains(share) ? share : nil
        } else {
            (averagePacket, overheadPercent) = (nil, nil)
        }
    }

    var lines: [String] {
        var lines: [String] = []
        func add(_ text: String?) {
            if let text { lines.append("  \("hinted".left(10))\(text)") }
        }
        if let packets {
            add(
                "\(packets) packets" + (averagePacket.map { String(format: ", %.0f bytes on average", $0) } ?? "")
                    + (largestPacket.map { ", \($0) at most" } ?? ""))
        }
        if let bytes {
            add(
                "\(bytes) bytes" + (bitsPerSecond.map { String(format: ", %.1f kbit/s", $0 / 1000) } ?? "")
                    + (peakBitsPerSecond.map { String(format: ", %.1f at most", $0 / 1000) } ?? ""))
        }
        add(overheadPercent.map { String(format: "%.1f %% of the wire is headers (RTP, UDP, IPv4)", $0) })
        let parts = [(mediaBytes, "out of the media"), (immediateBytes, "in the hints"), (repeatedBytes, "repeated")]
        let told = parts.compactMap { part in part.0.map { "\($0) \(part.1)" } }
        add(told.isEmpty ? nil : told.joined(separator: ", "))
        return lines
    }
}
