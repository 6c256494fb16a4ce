import NIOCore
import RTSP
import RTSPTransport

/// Where a movie is broadcast to.
///
/// ```
/// rtp://239.1.1.1:5004?ttl=1   rtp://[ff15::1]:5004   rtp://decoder.lan:5004   rtsp://user:password@host/path
/// ```
package enum BroadcastTarget: Sendable {
    /// To an address or a group that nobody is asked about: RTP, each track to two ports of its own.
    case address(DatagramPushTarget)
    /// To a server that takes publishers: ANNOUNCE, RECORD.
    case server(RTSPURL)

    /// Throws `BroadcastError.wrongTarget`, which never shows the text: there may be a password in it.
    package init(parsing text: String) throws(BroadcastError) {
        guard text.lowercased().hasPrefix("rtp://") else {
            guard let url = RTSPURL(text), url.scheme == .rtsp || url.scheme == .rtsps else {
                throw .wrongTarget("write rtp://239.1.1.1:5004, rtp://host:port or rtsp://[user:password@]host/path")
            }
            self = .server(url)
            return
        }
        // Hosts and ports are written as in any URL of RTSP.
        guard let url = RTSPURL("rtsp" + text.dropFirst(3)), url.credentials == nil else {
            throw .wrongTarget("write rtp://address:port, with IPv6 in brackets")
        }
        guard let port = url.port, port.isMultiple(of: 2) else {
            throw .wrongTarget("an even port is needed; RTCP goes to the next, other tracks above")
        }
        let address = try? SocketAddress(ipAddress: url.host, port: 0)
        guard !["0.0.0.0", "::"].contains(address?.ipAddress) else {
            throw .wrongTarget("it has to be sent to somebody")
        }
        var target = DatagramPushTarget(host: url.host, port: port)
        try target.read(url.pathAndQuery)
        guard !target.isOneReceiver || target.sending == MulticastSending() else {
            throw .wrongTarget("ttl= and interface= are for groups; the routes of the system lead to \(target.host)")
        }
        self = .address(target)
    }
}

extension DatagramPushTarget {
    /// `?ttl=8&interface=eth0`, or nothing.
    fileprivate mutating func read(_ query: String) throws(BroadcastError) {
        let text = query.drop { $0 == "/" }
        guard !text.isEmpty else { return }
        guard text.first == "?" else { throw .wrongTarget("an address has no path") }
        for item in text.dropFirst().split(separator: "&") {
            let pair = item.split(separator: "=", maxSplits: 1)
            switch (pair.first, pair.count == 2 ? pair[1] : "") {
            case ("ttl", let value):
                guard let ttl = UInt8(value) else { throw .wrongTarget("ttl= is 0 to 255") }
                sending.ttl = ttl
            case ("interface", let value) where !value.isEmpty: sending.interface = String(value)
            default: throw .wrongTarget("behind ? may stand ttl= and interface=")
            }
        }
    }
}
