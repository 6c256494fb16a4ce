import Ingest
import NIOCore

/// `udp://…` or `rtp://…`: where somebody sends to this machine or to a group.
///
/// ```
/// udp://239.1.1.1:1234   udp://:1234   rtp://@239.1.2.3:5004   rtp://10.0.0.9@[ff15::1]:5004
/// ```
/// What stands before `@` is the only host that may send, as players have it.
struct ListenURL: Equatable {
    var origin: ListenSourceConfiguration.Origin
    var source: String?

    private static let schemes = ["udp", "rtp"]
    private static let form = "udp://239.1.1.1:1234, udp://:1234, or the like with rtp://"

    /// Whether a URL is one of these, right or wrong.
    static func isMeant(by text: String) -> Bool {
        guard let separator = text.firstRange(of: "://") else { return false }
        return schemes.contains(text[..<separator.lowerBound].lowercased())
    }

    init(parsing text: String) throws(Expectation) {
        guard let separator = text.firstRange(of: "://") else { throw Expectation(Self.form) }
        var rest = text[separator.upperBound...]
        if rest.last == "/" { rest.removeLast() }
        if rest.contains("?") {
            throw Expectation(Self.form, hint: "write interface: and source: beside the URL in place of ?…")
        }
        if let at = rest.firstIndex(of: "@") {
            let name = rest[..<at]
            if !name.isEmpty { source = try Self.address(name) }
            rest = rest[rest.index(after: at)...]
        }
        guard let colon = rest.lastIndex(of: ":"), let port = String(rest[rest.index(after: colon)...]).port, port > 0
        else { throw Expectation(Self.form, hint: "the port is what is sent to") }
        let host = rest[..<colon]
        let address = host.isEmpty ? nil : try Self.address(host)
        let isRTP = text.lowercased().hasPrefix("rtp:")
        origin = isRTP ? .rtp(host: address, port: port) : .transportStream(host: address, port: port)
    }

    /// `239.1.1.1`, `[ff15::1]`; a name cannot be listened on.
    private static func address(_ text: Substring) throws(Expectation) -> String {
        let isBracketed = text.hasPrefix("[") && text.hasSuffix("]")
        let bare = String(isBracketed ? text.dropFirst().dropLast() : text)
        guard (try? SocketAddress(ipAddress: bare, port: 0)) != nil, bare.contains(":") == isBracketed else {
            throw Expectation(form, hint: "an address of this machine, or a multicast group; IPv6 in brackets")
        }
        return bare
    }
}
