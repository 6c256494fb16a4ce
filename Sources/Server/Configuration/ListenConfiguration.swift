import Egress

/// The sockets the relay opens.
package struct ListenConfiguration: Sendable, Equatable {
    /// Where RTSP viewers connect.
    package var rtsp: ListenAddress
    /// Where they connect with TLS; `nil` where they cannot.
    package var rtsps: ListenAddress?
    /// Where movies, HLS, snapshots and pages are served over HTTP; `nil` where they are not.
    package var http: ListenAddress?
    /// Where they are served over HTTPS; `nil` where they are not.
    package var https: ListenAddress?
    /// The one pair of UDP ports for all viewers.
    package var rtp: RTPPortPair
    /// Where streams are sent for viewers who ask for multicast; `nil` where nobody gets it.
    package var multicast: MulticastConfiguration?

    package init(
        rtsp: ListenAddress = ListenAddress(port: 8554), rtsps: ListenAddress? = nil,
        http: ListenAddress? = ListenAddress(port: 8888), https: ListenAddress? = nil,
        rtp: RTPPortPair = RTPPortPair(), multicast: MulticastConfiguration? = nil
    ) {
        self.rtsp = rtsp
        self.rtsps = rtsps
        self.http = http
        self.https = https
        self.rtp = rtp
        self.multicast = multicast
    }
}

extension ListenConfiguration {
    /// Somebody is shown a certificate.
    package var isSecure: Bool { rtsps != nil || https != nil }
}

/// A host and a port to listen on.
package struct ListenAddress: Sendable, Hashable {
    /// An address or a name, IPv6 without brackets; `nil` listens on all addresses.
    package var host: String?
    /// 0 takes any free port.
    package var port: UInt16

    package init(host: String? = nil, port: UInt16) {
        self.host = host
        self.port = port
    }
}

extension ListenAddress: CustomStringConvertible {
    /// As written in the file: `:8554`, `127.0.0.1:8554`, `[::1]:8554`.
    package var description: String {
        guard let host else { return ":\(port)" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}

/// An even port for RTP and the odd one above it for RTCP (RFC 3550 §11).
package struct RTPPortPair: Sendable, Hashable {
    package let rtp: UInt16
    package let rtcp: UInt16

    /// 8000 and 8001.
    package init() {
        rtp = 8000
        rtcp = 8001
    }

    /// Whichever pair is free at the start.
    package static let anyFree = RTPPortPair(rtp: 0, rtcp: 0)

    private init(rtp: UInt16, rtcp: UInt16) {
        self.rtp = rtp
        self.rtcp = rtcp
    }

    /// `nil` unless `rtp` is even and not 0.
    package init?(rtp: UInt16) {
        guard rtp != 0, rtp.isMultiple(of: 2) else { return nil }
        self.rtp = rtp
        self.rtcp = rtp &+ 1
    }
}

extension RTPPortPair: CustomStringConvertible {
    /// As written in the file: `8000-8001`.
    package var description: String { "\(rtp)-\(rtcp)" }
}
