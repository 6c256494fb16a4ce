import RTSP

/// A stream to be watched, and where it was found to be.
package struct LoadTarget: Sendable {
    /// With the credentials, if there are any; its description shows none.
    package let url: RTSPURL
    /// At least one, in the order in which they are tried.
    let addresses: [HostAddress]

    /// Looks the host up, which may block; sends nothing to it.
    ///
    /// Unless `allowingPublic`, every address of it has to be local: a load tool aimed at a stranger is an attack.
    package init(_ text: String, allowingPublic: Bool) throws(LoadTargetError) {
        guard let url = RTSPURL(text) else { throw .notRTSP }
        guard !url.scheme.isSecure else { throw .encrypted(url.host) }
        guard url.scheme.carrier == .direct else { throw .tunnelled(url.host) }
        switch HostAddress.resolving(url.host) {
        case .failure(let error):
            throw .unknown(url.host, reason: error.reason)
        case .success(let addresses):
            guard !addresses.isEmpty else { throw .unknown(url.host, reason: "no IPv4 or IPv6 address") }
            try self.init(url: url, addresses: addresses, allowingPublic: allowingPublic)
        }
    }

    /// With addresses that were looked up before.
    init(url: RTSPURL, addresses: [HostAddress], allowingPublic: Bool) throws(LoadTargetError) {
        if !allowingPublic, let stranger = addresses.first(where: { !$0.isLocal }) {
            throw .publicAddress(url.host, stranger)
        }
        self.url = url
        self.addresses = addresses
    }
}

/// Why a URL is not one to put load on.
package enum LoadTargetError: Error, Sendable, Hashable {
    case notRTSP
    case encrypted(String)
    case tunnelled(String)
    case unknown(String, reason: String)
    case publicAddress(String, HostAddress)
}

extension LoadTargetError: CustomStringConvertible {
    /// The cause and what to do; never the URL, for that may hold a password.
    package var description: String {
        switch self {
        case .notRTSP:
            "this is no URL of RTSP; write rtsp://host:port/path"
        case .encrypted(let host):
            "rtsps:// is not supported; give the rtsp:// URL of \(host)"
        case .tunnelled(let host):
            "rtsp+http:// is not supported; give the rtsp:// URL of \(host)"
        case .unknown(let host, let reason):
            "\(host) has no address: \(reason); check the name"
        case .publicAddress(let host, let address):
            "\(host) is at \(address), which is neither loopback nor private nor link-local; "
                + "--allow-public puts load on it all the same, if it is yours"
        }
    }
}
