import Media
import NIOCore

/// The lines of a session description that a hint track brings along (`hnti`, ISO/IEC 14496-12 §9.1.4), made fit to be served.
///
/// The port of `m=` is 0; `a=control` is taken out, for who serves it names its tracks; `c=` and lines of other media as well.
package struct HintDescription: Sendable, Hashable {
    /// Without line ends, `m=` first.
    package let lines: [String]
    /// What they say, as for any other track.
    package let track: TrackDescription
    /// The value of `a=control`, as the hinter wrote it: `trackID=3` (QuickTime, MP4Box) or `streamid=0` (ffmpeg).
    package var control: String? { track.control }

    /// Real ones have some twenty lines and, with large parameter sets, a few thousand bytes.
    private static let largestSize = 64 * 1024
    private static let mostLines = 256

    /// Reads the text of `hnti`; `nil` where it describes no media.
    package init?(parsing text: String) {
        guard text.utf8.count <= Self.largestSize else { return nil }
        let all = text.split(whereSeparator: { $0.isNewline || $0 == "\0" }).prefix(Self.mostLines)
        guard let first = all.firstIndex(where: { $0.hasPrefix("m=") }) else { return nil }
        var own = [all[first]]
        for line in all[(first + 1)...] {
            if line.hasPrefix("m=") { break }
            own.append(line)
        }
        let read = own.joined(separator: "\r\n")
        guard let track = try? SessionDescription(parsing: ByteBuffer(string: read)).tracks.first else { return nil }
        self.track = track
        let types = track.formats.map { String($0.payloadType) }.joined(separator: " ")
        let media = "m=\(track.kind.name) 0 RTP/AVP \(types)"
        lines = [media] + own.dropFirst().filter(Self.isServed).map(Self.printable)
    }

    /// Makes the lines of a track whose hinter wrote none, out of the payload type of its packets and `map` (`H264/90000`), where
    /// there is one. `nil` where the type means nothing by itself.
    package init?(kind: MediaKind, payloadType: UInt8, map: String?) {
        var lines = ["m=\(kind.name) 0 RTP/AVP \(payloadType)"]
        if let map {
            lines.append("a=rtpmap:\(payloadType) \(map)")
        } else if StaticPayloadType(payloadType) == nil {
            return nil
        }
        self.init(parsing: lines.joined(separator: "\r\n"))
    }

    /// The lines as DESCRIBE sends them, each ended by CR LF.
    package var text: String {
        lines.map { $0 + "\r\n" }.joined()
    }

    /// The number that `a=control` ends in: `trackID=3` and `streamid=3` alike.
    package var controlNumber: UInt32? {
        guard let control else { return nil }
        let digits = control.reversed().prefix(while: { $0.isASCII && $0.isNumber }).reversed()
        return UInt32(String(digits))
    }

    private static func isServed(_ line: Substring) -> Bool {
        guard line.dropFirst().first == "=", let letter = line.first, "iba".contains(letter) else { return false }
        return !line.dropFirst(2).lowercased().hasPrefix("control:")
    }

    private static func printable(_ line: Substring) -> String {
        String(String.UnicodeScalarView(line.unicodeScalars.filter { $0.value >= 32 && $0.value != 127 }))
    }
}
