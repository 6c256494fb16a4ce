import Ingest
import Media
import NIOCore

/// The settings that `defaults:`, a template and a camera may each give; what none gives stays as it is built in.
struct PullSettings {
    var transport: PullTransport?
    var onDemand: Bool?
    var linger: TimeAmount?
    var timeout: TimeAmount?
    var keepalive: PullKeepalive?
    var username: String?
    var password: Secret?

    /// Their keys, which no template may use for a hole.
    static let keys = ["transport", "on_demand", "linger", "timeout", "keepalive", "username", "password"]

    init(_ section: ConfigurationSection) {
        transport = section.value("transport") { text throws(Expectation) in
            try ConfigurationValue.word(text, of: PullTransport.self)
        }
        onDemand = section.value("on_demand", ConfigurationValue.boolean)
        linger = section.value("linger") { text throws(Expectation) in
            try ConfigurationValue.duration(text, in: .seconds(0) ... .hours(24))
        }
        timeout = section.value("timeout") { text throws(Expectation) in
            try ConfigurationValue.duration(text, in: .seconds(1) ... .minutes(10))
        }
        keepalive = section.value("keepalive") { text throws(Expectation) in
            try ConfigurationValue.word(text, of: PullKeepalive.self)
        }
        username = section.text("username")?.text
        password = section.text("password").map { Secret($0.text) }
    }

    /// These settings, and where they are silent those of `base`.
    func over(_ base: PullSettings?) -> PullSettings {
        guard let base else { return self }
        var result = self
        result.transport = transport ?? base.transport
        result.onDemand = onDemand ?? base.onDemand
        result.linger = linger ?? base.linger
        result.timeout = timeout ?? base.timeout
        result.keepalive = keepalive ?? base.keepalive
        result.username = username ?? base.username
        result.password = password ?? base.password
        return result
    }

    /// A pull of that URL; the URL's own credentials come before these.
    func pull(_ url: CameraURL) -> PullConfiguration {
        var pull = PullConfiguration(
            url: url.url,
            username: url.username ?? username,
            password: url.password ?? password
        )
        if let transport { pull.transport = transport }
        if let onDemand { pull.onDemand = onDemand }
        if let linger { pull.linger = linger }
        if let timeout { pull.timeout = timeout }
        if let keepalive { pull.keepalive = keepalive }
        return pull
    }
}
