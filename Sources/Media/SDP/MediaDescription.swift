/// One `m=` block as it is read, line by line, before its payload types are looked up.
struct MediaDescription {
    private(set) var kind: MediaKind
    private(set) var port: UInt16?
    private(set) var transportProtocol: String
    /// Of the `m=` line, each once, at most ``mostPayloadTypes``.
    private(set) var payloadTypes: [UInt8] = []
    private(set) var attributes = MediaAttributes()

    /// `m=<media> <port>[/<count>] <proto> <fmt> …` (RFC 4566 §5.14); the port may be missing.
    init(parsing value: Substring) {
        var words = value.split { $0.isWhitespace }[...]
        kind = Self.kind(named: words.popFirst() ?? "")
        if let word = words.first, let number = word.split(separator: "/").first.flatMap({ Int($0) }) {
            port = UInt16(exactly: number).flatMap { $0 == 0 ? nil : $0 }
            words.removeFirst()
        }
        transportProtocol = words.popFirst().map(String.init) ?? "RTP/AVP"
        for payloadType in words.compactMap({ UInt8($0) }) where payloadType < 128 { add(payloadType) }
    }

    /// Several times what any known device offers in one media (quirk C34: five).
    private static let mostPayloadTypes = 32

    private mutating func add(_ payloadType: UInt8) {
        guard payloadTypes.count < Self.mostPayloadTypes, !payloadTypes.contains(payloadType) else { return }
        payloadTypes.append(payloadType)
    }

    private static func kind(named name: Substring) -> MediaKind {
        switch name.lowercased() {
        case "video": .video
        case "audio": .audio
        default: .other(String(name))
        }
    }

    mutating func read(_ line: SDPLine) {
        attributes.read(line)
    }

    /// Payload types out of the `a=rtpmap` lines where the `m=` line names none: TP-Link writes
    /// `m=application/TP-LINK 0 RTP/AVP smart/1/90000` (quirk C12).
    mutating func completePayloadTypes() {
        guard payloadTypes.isEmpty else { return }
        for entry in attributes.maps { add(entry.payloadType) }
    }
}

/// The lines below an `m=` line, or above the first, that say something of payload types or of the media.
struct MediaAttributes {
    private(set) var maps: [(payloadType: UInt8, map: RTPMap)] = []
    private(set) var parameters: [(payloadType: UInt8, parameters: FormatParameters)] = []
    private(set) var control: String?
    private(set) var range: String?
    private(set) var direction: MediaDirection?
    private(set) var dimensions: PictureDimensions?
    private(set) var connectionAddress: String?
    private(set) var bandwidth: Int?
    private(set) var frameRate: Double?
    private(set) var expectsRareKeyFrames = false
    private(set) var controlPort: UInt16?
    private(set) var sourceFilter: SourceFilter?

    /// The first of each counts (quirk C23: a second `a=control`).
    mutating func read(_ line: SDPLine) {
        switch line.type {
        case "a":
            let attribute = line.attribute
            readAttribute(attribute.name, attribute.value)
        case "b" where line.value.lowercased().hasPrefix("as:"):
            bandwidth = bandwidth ?? Int(line.value.dropFirst(3).trimmed()).flatMap { $0 > 0 ? $0 : nil }
        case "c":
            connectionAddress = connectionAddress ?? line.connectionAddress
        default:
            break
        }
    }

    private mutating func readAttribute(_ name: String, _ value: Substring) {
        switch name {
        case "rtpmap":
            if let (payloadType, rest) = Self.payloadType(of: value), let map = RTPMap(parsing: rest) {
                maps.append((payloadType, map))
            }
        case "fmtp":
            if let (payloadType, rest) = Self.payloadType(of: value) {
                parameters.append((payloadType, FormatParameters(parsing: rest)))
            }
        case "control":
            control = control ?? (value.isEmpty ? nil : String(value))
        case "range":
            range = range ?? (value.isEmpty ? nil : String(value))
        case "sendrecv", "recvonly", "sendonly", "inactive":
            direction = direction ?? MediaDirection(rawValue: name)
        case "x-dimensions":
            dimensions = dimensions ?? Self.dimensions(in: value, separator: ",")
        case "framesize":
            dimensions = dimensions ?? Self.payloadType(of: value).flatMap { Self.dimensions(in: $0.1, separator: "-") }
        case "framerate", "x-framerate":
            frameRate = frameRate ?? Double(String(value)).flatMap { $0 > 0 && $0 <= 1000 ? $0 : nil }
        case "rtcp":
            let port = value.split { $0.isWhitespace }.first.flatMap { UInt16($0) }
            controlPort = controlPort ?? port.flatMap { $0 == 0 ? nil : $0 }
        case "source-filter":
            sourceFilter = sourceFilter ?? SourceFilter(parsing: value)
        case "smart_encoder":
            expectsRareKeyFrames = expectsRareKeyFrames || value.lowercased().contains("virtualiframe=1")
        default:
            break
        }
    }

    /// `<payload type> <rest>`
    private static func payloadType(of value: Substring) -> (UInt8, Substring)? {
        let parts = value.split(maxSplits: 1) { $0.isWhitespace }
        guard let number = parts.first.flatMap({ UInt8($0) }), number < 128 else { return nil }
        return (number, parts.count > 1 ? parts[1].trimmed() : "")
    }

    private static func dimensions(in value: Substring, separator: Character) -> PictureDimensions? {
        let sides = value.split(separator: separator).map { Int($0.trimmed()) ?? 0 }
        guard sides.count == 2, sides.allSatisfy({ (1...65_535).contains($0) }) else { return nil }
        return PictureDimensions(width: sides[0], height: sides[1])
    }
}
