import Egress
import NIOCore

/// `rtp://…` or `udp://…` of a push: RTP to an address or a group, with no server that would be asked.
///
/// ```
/// rtp://239.70.0.1:5004   udp://10.20.3.7:5004   rtp://[ff15::70]:5004   rtp://decoder.lan:5004
/// ```
struct DatagramPushURL: Equatable {
    let host: String
    let port: UInt16

    private static let schemes = ["rtp", "udp"]
    private static let form = "rtp://239.70.0.1:5004, rtp://host:5004, or the like with udp://"

    /// Whether a URL is one of these, right or wrong.
    static func isMeant(by text: String) -> Bool {
        guard let separator = text.firstRange(of: "://") else { return false }
        return schemes.contains(text[..<separator.lowerBound].lowercased())
    }

    init(parsing text: String) throws(Expectation) {
        guard let separator = text.firstRange(of: "://") else { throw Expectation(Self.form) }
        var rest = text[separator.upperBound...]
        if rest.last == "/" { rest.removeLast() }
        guard !rest.contains("?") else {
            throw Expectation(Self.form, hint: "write ttl: and interface: beside the URL in place of ?…")
        }
        guard !rest.contains("@") else {
            throw Expectation(Self.form, hint: "leave out the @: it is for those who receive")
        }
        guard !rest.contains(where: { "{}".contains($0) }) else {
            throw Expectation(Self.form, hint: "one camera a push: ports have no names; {camera} may stand in sdp:")
        }
        guard let colon = rest.lastIndex(of: ":"), let port = String(rest[rest.index(after: colon)...]).port,
            port > 0, port.isMultiple(of: 2)
        else { throw Expectation(Self.form, hint: "an even port; RTCP goes to the next, other tracks above") }
        self.port = port
        host = try Self.host(rest[..<colon])
    }

    private static func host(_ text: Substring) throws(Expectation) -> String {
        let isBracketed = text.hasPrefix("[") && text.hasSuffix("]")
        let bare = String(isBracketed ? text.dropFirst().dropLast() : text)
        let address = try? SocketAddress(ipAddress: bare, port: 0)
        guard bare.contains(":") == isBracketed, address != nil || bare.isHostName else {
            throw Expectation(form, hint: "an address, a multicast group or a name; IPv6 in brackets")
        }
        guard !["0.0.0.0", "::"].contains(address?.ipAddress) else {
            throw Expectation(form, hint: "it has to be sent to somebody")
        }
        return bare
    }
}
