import Egress
import Media
import NIOCore
import RTSP
import RTSPTransport

/// How an entry of `push:` speaks to its server; what it does not say stays as it is built in.
struct PushSettings {
    private var transport: PushTransport?
    private var username: String?
    private var password: Secret?
    private var trust: PeerTrust
    private var timeout: TimeAmount?

    init(_ section: ConfigurationSection) {
        // A fingerprint, a check and an account are written as those of cameras are.
        let shared = PullSettings(section, keys: ["timeout", "username", "password", "fingerprint", "verify"])
        transport = section.value("transport") { text throws(Expectation) in
            try ConfigurationValue.word(text, of: PushTransport.self)
        }
        username = shared.username
        password = shared.password
        trust = shared.trust
        timeout = shared.timeout
        if password != nil, section.field("username") == nil {
            section.reportMissing("username", expected: "a user name for the password")
        }
    }

    /// What would come to nothing: nobody is to believe it does.
    func refuseMisplaced(in section: ConfigurationSection, isSecure: Bool) {
        for key in ["ttl", "interface", "sdp"] {
            guard let field = section.field(key) else { continue }
            section.reading.report(
                field.keyPlace, field.keyPath, found: "\(key) for a server", expected: "an rtp:// URL")
        }
        if isSecure, transport == .udp, let field = section.field("transport") {
            section.reading.report(
                field.place, field.keyPath, found: "udp for rtsps://", expected: "tcp", hint: "media stay inside of TLS"
            )
        }
        for key in ["fingerprint", "verify"] where !isSecure {
            guard let field = section.field(key) else { continue }
            section.reading.report(
                field.keyPlace, field.keyPath, found: "\(key) without TLS", expected: "an rtsps:// URL",
                hint: "rtsp:// has no certificate"
            )
        }
    }

    func target(_ url: String, isSecure: Bool) -> RTSPPushTarget {
        var target = RTSPPushTarget(url: url, username: username, password: password, trust: trust)
        if let transport, !isSecure { target.transport = transport }
        if let timeout { target.timeout = timeout }
        return target
    }
}
