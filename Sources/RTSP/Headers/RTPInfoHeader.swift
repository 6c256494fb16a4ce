/// The RTP-Info header of a PLAY answer (RFC 2326 §12.33): where each track's packets begin.
///
///     url=rtsp://host/path/trackID=0;seq=45102;rtptime=12345678,url=rtsp://host/path/trackID=1;seq=30211
package struct RTPInfoHeader: Sendable, Hashable {
    /// What is told about one track.
    package struct Entry: Sendable, Hashable {
        /// As written: a URL, a path, or empty if the camera left it out (quirk F12).
        package var url: String
        /// The sequence number of the first packet.
        package var seq: UInt16?
        /// The RTP time of the start of the range; a 0 on the wire says nothing and is read as `nil` (quirk F12).
        package var rtptime: UInt32?

        package init(url: String, seq: UInt16? = nil, rtptime: UInt32? = nil) {
            self.url = url
            self.seq = seq
            self.rtptime = rtptime
        }
    }

    /// In the order of the header; empty if there was nothing to read.
    package var entries: [Entry]

    package init(_ entries: [Entry]) {
        self.entries = entries
    }

    /// What of it can be read; a URL may hold commas, so an entry begins only at `url=`.
    package static func parse(_ header: String) -> RTPInfoHeader {
        var entries: [Substring] = []
        for part in header[...].parts(separatedBy: UInt8(ascii: ",")) {
            if let last = entries.last, !part.nameAndValue.name.isSameToken(as: "url") {
                entries[entries.count - 1] = header[last.startIndex..<part.endIndex]
            } else {
                entries.append(part)
            }
        }
        return RTPInfoHeader(entries.map(Entry.init(parsing:)))
    }

    /// The value as it goes on the wire.
    package var serialized: String {
        entries.map(\.serialized).joined(separator: ",")
    }
}

extension RTPInfoHeader.Entry {
    fileprivate init(parsing text: Substring) {
        self.init(url: "")
        for part in text.parts(separatedBy: UInt8(ascii: ";")) {
            guard case (let name, let value?) = part.nameAndValue else { continue }
            switch name.lowercased() {
            case "url": url = value.unquoted
            case "seq": seq = value.number()
            case "rtptime": rtptime = value.number().flatMap { $0 == 0 ? nil : $0 }
            default: break
            }
        }
    }

    fileprivate var serialized: String {
        var text = "url=\(url)"
        if let seq { text += ";seq=\(seq)" }
        if let rtptime { text += ";rtptime=\(rtptime)" }
        return text
    }
}
