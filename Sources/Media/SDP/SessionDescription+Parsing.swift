import NIOCore

extension SessionDescription {
    /// Reads what devices write, of which little is as RFC 4566 has it: lines in any order, missing or malformed, are
    /// read for what they say or passed over. Refused is only what names no media at all, or is absurdly large.
    package init(parsing bytes: ByteBuffer) throws(SDPError) {
        guard bytes.readableBytes <= Self.largestSize else { throw .tooLarge(bytes: bytes.readableBytes) }
        self.init(tracks: [])
        var session = MediaAttributes()
        var media: [MediaDescription] = []
        for line in SDPLine.lines(of: bytes) {
            if line.type == "m" {
                guard media.count < Self.mostMedia else { throw .tooManyMedia }
                media.append(MediaDescription(parsing: line.value))
            } else if media.isEmpty {
                readSessionLine(line)
                session.read(line)
            } else {
                media[media.count - 1].read(line)
            }
        }
        for index in media.indices { media[index].completePayloadTypes() }
        control = session.control
        range = session.range ?? media.lazy.compactMap(\.attributes.range).first
        connectionAddress = session.connectionAddress
        var lookup = PayloadTypeLookup(session: session, media: media)
        tracks = media.compactMap { media in
            var track = TrackDescription(media, lookup: &lookup, sessionDirection: session.direction)
            track?.sourceFilter = media.attributes.sourceFilter ?? session.sourceFilter
            return track
        }
        guard !tracks.isEmpty else { throw .noMedia }
    }

    private mutating func readSessionLine(_ line: SDPLine) {
        switch line.type {
        case "s": if sessionName.isEmpty { sessionName = String(line.value) }
        case "o": origin = SessionOrigin(parsing: line.value)
        default: break
        }
    }
}

extension SessionOrigin {
    /// From the right: a user name may hold spaces (quirk C3), an address may be missing (quirk C6), and what should
    /// be numbers may be anything (quirks C4, C5).
    package init(parsing value: some StringProtocol) {
        self.init()
        var words = Substring(value).split(separator: " ")
        let network = words.indices.dropFirst().last { index in
            // `IN IP4 x`, `IN IPV4 x`, `IP IP4 x`, `IN`
            let word = words[index].lowercased()
            return word == "in" || (word == "ip" && index + 1 < words.count)
        }
        if let network {
            if network + 2 < words.count { address = String(words[network + 2]) }
            words.removeSubrange(network...)
        }
        if let last = words.popLast() { sessionVersion = String(last) }
        if let last = words.popLast() { sessionID = String(last) }
        if !words.isEmpty { username = words.joined(separator: " ") }
    }
}

extension TrackDescription {
    /// `nil` for a media without any payload type: it cannot be carried over RTP.
    fileprivate init?(
        _ media: MediaDescription,
        lookup: inout PayloadTypeLookup,
        sessionDirection: MediaDirection?
    ) {
        guard !media.payloadTypes.isEmpty, !media.kind.name.isEmpty else { return nil }
        self.init(
            kind: media.kind,
            formats: media.payloadTypes.map { lookup.format(of: $0, in: media) },
            control: media.attributes.control,
            direction: media.attributes.direction ?? sessionDirection ?? .sendReceive,
            dimensions: media.attributes.dimensions,
            transportProtocol: media.transportProtocol
        )
        port = media.port
        controlPort = media.attributes.controlPort
        connectionAddress = media.attributes.connectionAddress
        bandwidth = media.attributes.bandwidth
        frameRate = media.attributes.frameRate
        expectsRareKeyFrames = media.attributes.expectsRareKeyFrames
    }
}
