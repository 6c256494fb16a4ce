import Ingest
import Media
import NIOCore
import RTSP
import RTSPTransport

/// The settings that `defaults:`, a template and a camera may each give; what none gives stays as it is built in.
struct PullSettings {
    var transport: PullTransport?
    var webSocketPath: String?
    var onDemand: Bool?
    var linger: TimeAmount?
    var timeout: TimeAmount?
    var keepalive: PullKeepalive?
    var username: String?
    var password: Secret?
    var fingerprint: CertificateFingerprint?
    var verify: Bool?

    /// Their keys, which no template may use for a hole.
    static let keys = [
        "transport", "websocket_path", "on_demand", "linger", "timeout", "keepalive", "username", "password",
        "fingerprint", "verify",
    ]

    /// Those of `keys` that the section gives; the others are not looked for.
    init(_ section: ConfigurationSection, keys: [String] = PullSettings.keys) {
        func value<Value>(_ key: String, _ parse: (String) throws(Expectation) -> Value) -> Value? {
            keys.contains(key) ? section.value(key, parse) : nil
        }
        transport = value("transport") { text throws(Expectation) in
            try ConfigurationValue.word(text, of: PullTransport.self)
        }
        webSocketPath = value("websocket_path") { text throws(Expectation) in
            let isPath = text.hasPrefix("/") && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
            guard isPath else { throw Expectation("a path such as /rtsp-over-websocket") }
            return text
        }
        onDemand = value("on_demand", ConfigurationValue.boolean)
        linger = value("linger") { text throws(Expectation) in
            try ConfigurationValue.duration(text, in: .seconds(0) ... .hours(24))
        }
        timeout = value("timeout") { text throws(Expectation) in
            try ConfigurationValue.duration(text, in: .seconds(1) ... .minutes(10))
        }
        keepalive = value("keepalive") { text throws(Expectation) in
            try ConfigurationValue.word(text, of: PullKeepalive.self)
        }
        username = section.text("username")?.text
        password = section.text("password").map { Secret($0.text) }
        fingerprint = value("fingerprint") { text throws(Expectation) in
            guard let fingerprint = CertificateFingerprint(text) else {
                throw Expectation(
                    "sha256: and 64 hexadecimal digits",
                    hint: "the log shows it when the camera is refused; so does openssl x509 -fingerprint -sha256"
                )
            }
            return fingerprint
        }
        verify = value("verify", ConfigurationValue.boolean)
    }

    /// These settings, and where they are silent those of `base`.
    func over(_ base: PullSettings?) -> PullSettings {
        guard let base else { return self }
        var result = self
        result.transport = transport ?? base.transport
        result.webSocketPath = webSocketPath ?? base.webSocketPath
        result.onDemand = onDemand ?? base.onDemand
        result.linger = linger ?? base.linger
        result.timeout = timeout ?? base.timeout
        result.keepalive = keepalive ?? base.keepalive
        result.username = username ?? base.username
        result.password = password ?? base.password
        result.fingerprint = fingerprint ?? base.fingerprint
        result.verify = verify ?? base.verify
        return result
    }

    /// A fingerprint says more than whether to check, so it goes first.
    var trust: PeerTrust {
        if let fingerprint { return .fingerprint(fingerprint) }
        return verify == false ? .anything : .authorities
    }

    /// A pull of that URL; the URL's own credentials come before these.
    func pull(_ url: CameraURL) -> PullConfiguration {
        var pull = PullConfiguration(
            url: url.url,
            username: url.username ?? username,
            password: url.password ?? password
        )
        if let transport, !(url.isSecure && transport.leavesTLS) { pull.transport = transport }
        pull.webSocketPath = webSocketPath
        pull.trust = trust
        if let onDemand { pull.onDemand = onDemand }
        if let linger { pull.linger = linger }
        if let timeout { pull.timeout = timeout }
        if let keepalive { pull.keepalive = keepalive }
        return pull
    }
}
