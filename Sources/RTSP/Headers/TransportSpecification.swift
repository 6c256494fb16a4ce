/// One alternative of a Transport header (RFC 2326 §12.39).
///
///     RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=4C1F2A3B
///     RTP/AVP;unicast;client_port=5000-5001;server_port=6000-6001
package struct TransportSpecification: Sendable, Hashable {
    /// What carries the RTP packets.
    package enum LowerTransport: Sendable, Hashable {
        case udp
        case tcp
    }

    /// `RTP/AVP`, `RTP/AVPF`, `RTP/SAVP` or `RTP/SAVPF`.
    package var profile: String
    /// TCP means interleaved on the RTSP connection, whatever else is written (quirk E4).
    package var lower: LowerTransport
    /// Only if it says so: who says neither means unicast (quirk M11).
    package var isMulticast: Bool
    /// `nil` with `lower == .tcp` leaves the choice to the server (quirk M11).
    package var interleaved: ChannelPair?
    /// Where a unicast client receives.
    package var clientPorts: PortPair?
    /// Where a unicast server sends from.
    package var serverPorts: PortPair?
    /// The ports of a multicast group.
    package var ports: PortPair?
    /// An address or a host name, never empty (quirk E7).
    package var destination: String?
    /// An address or a host name, never empty (quirk E7).
    package var source: String?
    /// The time to live of multicast packets, in hops.
    package var ttl: UInt8?
    /// The SSRC of the sender; `nil` also if it could not be read (quirk E8).
    package var ssrc: UInt32?
    /// In lower case; `receive` is read as `record` (quirk E10). Left out for PLAY: some cameras refuse it (quirk E9).
    package var mode: String?

    package init(
        profile: String = "RTP/AVP",
        lower: LowerTransport,
        isMulticast: Bool = false,
        interleaved: ChannelPair? = nil,
        clientPorts: PortPair? = nil,
        serverPorts: PortPair? = nil,
        ports: PortPair? = nil,
        destination: String? = nil,
        source: String? = nil,
        ttl: UInt8? = nil,
        ssrc: UInt32? = nil,
        mode: String? = nil
    ) {
        self.profile = profile
        self.lower = lower
        self.isMulticast = isMulticast
        self.interleaved = interleaved
        self.clientPorts = clientPorts
        self.serverPorts = serverPorts
        self.ports = ports
        self.destination = destination
        self.source = source
        self.ttl = ttl
        self.ssrc = ssrc
        self.mode = mode
    }

    /// Every alternative of a whole header value that is understood, in its order.
    package static func parse(_ header: String) -> [TransportSpecification] {
        TransportHeader(parsing: header).alternatives
    }
}

// MARK: - Parsing

extension TransportSpecification {
    /// `nil` for a transport that is not RTP over UDP or TCP; parameters that make no sense are left out.
    init?(parsing alternative: Substring) {
        let parameters = alternative.parts(separatedBy: UInt8(ascii: ";"))
        guard let first = parameters.first, let (profile, lower) = Self.protocols(in: first) else { return nil }
        self.init(profile: profile, lower: lower)
        for parameter in parameters.dropFirst() {
            let (name, value) = parameter.nameAndValue
            take(name.lowercased(), value ?? "")
        }
    }

    private static func protocols(in text: Substring) -> (profile: String, lower: LowerTransport)? {
        let parts = text.uppercased().split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 2, parts.count <= 3, parts[0] == "RTP" else { return nil }
        guard ["AVP", "AVPF", "SAVP", "SAVPF"].contains(parts[1]) else { return nil }
        let profile = "RTP/\(parts[1])"
        switch parts.count == 3 ? parts[2] : "UDP" {
        case "UDP": return (profile, .udp)
        case "TCP": return (profile, .tcp)
        default: return nil
        }
    }

    private mutating func take(_ name: String, _ value: Substring) {
        switch name {
        case "multicast": isMulticast = true
        case "interleaved":
            // Escam answers a TCP SETUP with `RTP/AVP;…;interleaved=0-1` (quirk E4).
            lower = .tcp
            interleaved = ChannelPair(parsing: value)
        case "client_port": clientPorts = PortPair(parsing: value)
        case "server_port": serverPorts = PortPair(parsing: value)
        case "port": ports = PortPair(parsing: value)
        case "destination": destination = value.unquotedIfAny
        case "source": source = value.unquotedIfAny
        case "ttl": ttl = value.number()
        case "ssrc": ssrc = Self.ssrc(in: value)
        case "mode":
            mode = value.unquotedIfAny?.lowercased()
            if mode == "receive" { mode = "record" }
        default: break
        }
    }

    /// Eight hexadecimal digits by the RFC; on the wire fewer, an odd number of them, or decimal (quirk E8).
    private static func ssrc(in value: Substring) -> UInt32? {
        let text = value.unquoted[...].trimmed
        let digits = text.hasTokenPrefix("0x") ? text.dropFirst(2) : text
        guard digits.utf8.allSatisfy({ $0.hexDigitValue != nil }) else { return nil }
        return UInt32(digits, radix: 16) ?? UInt32(digits)
    }
}

extension Substring {
    fileprivate var unquotedIfAny: String? {
        let text = unquoted
        return text.isEmpty ? nil : text
    }
}

// MARK: - Writing

extension TransportSpecification {
    /// The value as it goes on the wire; UDP is not spelled out, for some cameras do not know `RTP/AVP/UDP`.
    package var serialized: String {
        var parts = [lower == .tcp ? "\(profile)/TCP" : profile, isMulticast ? "multicast" : "unicast"]
        if let destination { parts.append("destination=\(destination)") }
        if let source { parts.append("source=\(source)") }
        if let interleaved { parts.append("interleaved=\(interleaved.serialized)") }
        if let ports { parts.append("port=\(ports.serialized)") }
        if let clientPorts { parts.append("client_port=\(clientPorts.serialized)") }
        if let serverPorts { parts.append("server_port=\(serverPorts.serialized)") }
        if let ttl { parts.append("ttl=\(ttl)") }
        if let ssrc {
            let digits = String(ssrc, radix: 16, uppercase: true)
            parts.append("ssrc=\(String(repeating: "0", count: 8 - digits.utf8.count))\(digits)")
        }
        if let mode { parts.append("mode=\(mode)") }
        return parts.joined(separator: ";")
    }
}
