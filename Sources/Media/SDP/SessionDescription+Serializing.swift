extension SessionDescription {
    /// The description as viewers get it: every line that old players ask for (`c=` and `t=`: quirk M17), lines ended
    /// by CR LF. Ports are 0 and directions left out, as an RTSP server has it: what is described can be set up.
    package func serialized() -> String {
        text(control: control ?? "*") { _ in 0 }
    }

    /// The description of what is sent to somewhere, with the ports of the tracks: what players open as a file, and what
    /// those take multicast by that ask for it only where `c=` is a group (quirk M1). `a=control` stands only where it is told.
    package func serializedWithPorts() -> String {
        text(control: control) { $0.port ?? 0 }
    }

    private func text(control: String?, port: (TrackDescription) -> UInt16) -> String {
        var text = SDPText()
        text.add("v", "0")
        text.add("o", origin.text)
        text.add("s", sessionName.isEmpty ? "-" : sessionName)
        text.add("c", "IN " + SessionOrigin.typed(connectionAddress ?? "0.0.0.0"))
        text.add("t", "0 0")
        if let control { text.add("a", "control:" + control) }
        if let range { text.add("a", "range:" + range) }
        for track in tracks { track.write(at: port(track), into: &text) }
        return text.lines
    }
}

extension TrackDescription {
    /// The lines of this track alone, from `m=` with port 0 on, ended by CR LF.
    package var mediaDescription: String {
        var text = SDPText()
        write(at: 0, into: &text)
        return text.lines
    }
}

/// Lines of a session description, none of which can hold another.
private struct SDPText {
    private(set) var lines = ""

    mutating func add(_ type: Character, _ value: String) {
        lines.append(type)
        lines.append("=")
        lines.unicodeScalars.append(contentsOf: value.unicodeScalars.filter { $0.value >= 32 && $0.value != 127 })
        lines.append("\r\n")
    }
}

extension SessionOrigin {
    /// With numbers where RFC 4566 wants numbers.
    fileprivate var text: String {
        let name = username.filter { !$0.isWhitespace }
        let numbers = [sessionID, sessionVersion].map { number in
            !number.isEmpty && number.utf8.allSatisfy { (48...57).contains($0) } ? number : "0"
        }
        return ([name.isEmpty ? "-" : name] + numbers + ["IN", Self.typed(address ?? "0.0.0.0")]).joined(separator: " ")
    }

    fileprivate static func typed(_ address: String) -> String {
        (address.contains(":") ? "IP6 " : "IP4 ") + address
    }
}

extension TrackDescription {
    fileprivate func write(at port: UInt16, into text: inout SDPText) {
        let payloadTypes = formats.map { String($0.payloadType) }.joined(separator: " ")
        text.add("m", "\(kind.name) \(port) RTP/AVP \(payloadTypes)")
        if let bandwidth { text.add("b", "AS:\(bandwidth)") }
        for format in formats {
            if let map = format.map { text.add("a", "rtpmap:\(format.payloadType) \(map)") }
            let parameters = format.viewerParameters.text
            if !parameters.isEmpty { text.add("a", "fmtp:\(format.payloadType) \(parameters)") }
            if let dimensions {
                text.add("a", "framesize:\(format.payloadType) \(dimensions.width)-\(dimensions.height)")
            }
        }
        if let dimensions { text.add("a", "x-dimensions:\(dimensions.width),\(dimensions.height)") }
        if let frameRate { text.add("a", "framerate:\(frameRate)") }
        if let control { text.add("a", "control:" + control) }
    }
}

extension TrackFormat {
    /// The value of `a=rtpmap`; `nil` where the source told neither a name nor a clock.
    fileprivate var map: String? {
        let fixed = StaticPayloadType(payloadType)
        let name: String?
        // Other codecs keep the source's spelling.
        if case .other(let upperCase) = codec {
            name = encodingName ?? upperCase ?? fixed?.encodingName
        } else {
            name = codec.encodingName
        }
        guard let name, let clockRate = clockRate ?? fixed?.clockRate else { return nil }
        guard let channels, channels > 1 || codec == .aac else { return "\(name)/\(clockRate)" }
        return "\(name)/\(clockRate)/\(channels)"
    }
}
