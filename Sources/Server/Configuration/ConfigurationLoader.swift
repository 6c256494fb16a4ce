import Ingest
import NIOCore
import Web
import Yams

/// Reads `relays.yaml`: everything wrong in it is found in one go.
package enum ConfigurationLoader {
    /// Larger files are refused: 500 cameras are some 60 KB.
    static let sizeLimit = 1_000_000

    /// The configuration in a text; throws `ConfigurationErrors`.
    ///
    /// `file` names the text in errors, and its folder is where `${file:…}` looks; `readFile` gives a file's text. Movies and
    /// playlists are looked for in `movies`, where it is given.
    package static func load(
        text: String,
        file: String,
        environment: [String: String],
        movies: PlaylistFiles? = nil,
        readFile: (String) throws -> String
    ) throws(ConfigurationErrors) -> RelayConfiguration {
        try withoutActuallyEscaping(readFile) { readFile throws(ConfigurationErrors) in
            let variables = VariableSource(
                environment: environment, directory: file.directory, readFile: readFile)
            return try load(text, file, variables, movies)
        }
    }

    private static func load(
        _ text: String,
        _ file: String,
        _ variables: VariableSource,
        _ movies: PlaylistFiles?
    ) throws(ConfigurationErrors) -> RelayConfiguration {
        guard text.utf8.count <= sizeLimit else {
            throw .init(file, found: "\(text.utf8.count) bytes", expected: "\(sizeLimit) bytes at most")
        }
        let document: ConfigurationDocument
        do {
            document = try ConfigurationDocument(parsing: text)
        } catch {
            throw .init(file, error.place, found: error.found, expected: error.expected, hint: error.hint)
        }
        guard let root = document.root, root.kind != "nothing" else {
            throw .init(file, found: "an empty file", expected: "cameras", hint: "cameras: {test: {test_camera: {}}}")
        }
        let reading = ConfigurationReading(file: file, variables: variables, renamedKeys: document.renamedKeys)
        guard case .mapping(let mapping) = root, !reading.refusesAnchor(root, "") else {
            throw .init(file, Place(root.mark), found: root.kind, expected: "a mapping with cameras")
        }
        let configuration = withExtendedLifetime(document) {
            reading.relay(
                ConfigurationSection(mapping, keyPath: "", place: Place(line: 1, column: 1), reading: reading))
        }
        if let movies {
            reading.checkMovies(movies)
            reading.checkMediaFolder(movies)
        }
        guard reading.errors.isEmpty else {
            throw ConfigurationErrors(
                errors: reading.errors.sorted { ($0.line ?? 0, $0.column ?? 0) < ($1.line ?? 0, $1.column ?? 0) }
            )
        }
        return configuration
    }
}

extension ConfigurationErrors {
    /// A single error; without a place it means the file as a whole.
    init(_ file: String, _ place: Place? = nil, found: String, expected: String, hint: String? = nil) {
        let error = ConfigurationError(
            file: file,
            line: place?.line,
            column: place?.column,
            keyPath: "",
            found: found,
            expected: expected,
            hint: hint
        )
        self.init(errors: [error])
    }
}

extension String {
    /// The folder of a path; empty for the working directory.
    fileprivate var directory: String {
        lastIndex(of: "/").map { $0 == startIndex ? "/" : String(self[..<$0]) } ?? ""
    }
}

extension ConfigurationReading {
    /// The sections in the order of the manual.
    func relay(_ root: ConfigurationSection) -> RelayConfiguration {
        var relay = RelayConfiguration()
        relay.site = root.text("site")?.text
        if let log = root.section("log") { relay.log = self.log(log) }
        if let listen = root.section("listen") { relay.listen = self.listen(listen) }
        if let tls = root.section("tls") { relay.certificate = certificate(tls, isServed: relay.listen.isSecure) }
        if let http = root.section("http") { relay.web = web(http) }
        if let limits = root.section("limits") { relay.limits = self.limits(limits) }
        if let hls = root.section("hls") { relay.hls = self.hls(hls) }
        let defaults = root.section("defaults").map { section in
            defer { section.end() }
            return PullSettings(section)
        }
        let templates = root.section("templates").map(self.templates) ?? [:]
        if let cameras = root.section("cameras") {
            relay.cameras = self.cameras(cameras, templates, defaults)
        } else if root.field("cameras") == nil, root.field("media") == nil {
            root.reportMissing("cameras", expected: "at least one camera", hint: "cameras: {test: {test_camera: {}}}")
        }
        if let field = root.field("media"), let media = media(field, in: root) {
            relay.media = media
            checkPaths(of: relay.cameras, beside: media, at: root)
        }
        if let push = root.section("push") {
            relay.pushes = pushes(push, of: relay.cameras, beside: relay.listen.multicast, root)
        }
        root.end()
        return relay
    }

    private func log(_ section: ConfigurationSection) -> LogConfiguration {
        var log = LogConfiguration()
        let level = section.value("level") { text throws(Expectation) in
            try ConfigurationValue.word(text, of: LogConfiguration.Level.self)
        }
        let format = section.value("format") { text throws(Expectation) in
            try ConfigurationValue.word(text, of: LogConfiguration.Format.self)
        }
        if let level { log.level = level }
        if let format { log.format = format }
        section.end()
        return log
    }

    private func listen(_ section: ConfigurationSection) -> ListenConfiguration {
        var listen = ListenConfiguration()
        if let rtsp = section.value("rtsp", ConfigurationValue.listenAddress) { listen.rtsp = rtsp }
        if let rtsps = section.value("rtsps", ConfigurationValue.listenAddress) { listen.rtsps = rtsps }
        if let http = section.value("http", ConfigurationValue.listenAddressOrOff) { listen.http = http.address }
        if let https = section.value("https", ConfigurationValue.listenAddressOrOff) { listen.https = https.address }
        if let rtp = section.value("rtp", ConfigurationValue.portPair) { listen.rtp = rtp }
        listen.multicast = section.section("multicast").flatMap(multicast)
        section.end()
        return listen
    }

    private func web(_ section: ConfigurationSection) -> WebConfiguration {
        var web = WebConfiguration()
        let origin = section.value("allow_origin") { text throws(Expectation) in
            guard let origin = AllowedOrigin(parsing: text) else {
                throw Expectation(
                    "\"*\", none, or an origin such as https://wall.example.net",
                    hint: "without a slash behind the host")
            }
            return origin
        }
        if let origin { web.origin = origin }
        let whenDown = section.value("snapshot_when_down") { text throws(Expectation) in
            try ConfigurationValue.word(text, of: SnapshotWhenDown.self)
        }
        if let whenDown { web.snapshotWhenDown = whenDown }
        web.accessLog = section.value("access_log") { [variables] text throws(Expectation) in
            if text == "-" { return text }
            guard !text.isEmpty, !text.hasSuffix("/"), !text.contains("\0"), !text.contains("://") else {
                throw Expectation("the path of a file, or \"-\" for standard output")
            }
            return variables.path(of: text)
        }
        section.end()
        return web
    }

    private func certificate(_ section: ConfigurationSection, isServed: Bool) -> CertificateFiles? {
        let certificate = section.text("certificate")?.text
        let key = section.text("key")?.text
        section.end()
        for (name, other) in [("certificate", key), ("key", certificate)] where other != nil {
            guard section.field(name) == nil else { continue }
            section.reportMissing(name, expected: "a file in PEM", hint: "certificate and key go together")
        }
        guard let certificate, let key else { return nil }
        if !isServed {
            report(
                section.place, section.keyPath, found: "a certificate that nobody is shown",
                expected: "listen.rtsps or listen.https",
                hint: "listen: {rtsps: \":8322\"}"
            )
        }
        return CertificateFiles(certificate: variables.path(of: certificate), key: variables.path(of: key))
    }

    private func limits(_ section: ConfigurationSection) -> LimitsConfiguration {
        var limits = LimitsConfiguration()
        func count(_ key: String, _ path: WritableKeyPath<LimitsConfiguration, Int>) {
            let value = section.value(key) { text throws(Expectation) in
                try ConfigurationValue.count(text, in: 1...1_000_000)
            }
            if let value { limits[keyPath: path] = value }
        }
        func duration(_ key: String, _ path: WritableKeyPath<LimitsConfiguration, TimeAmount>) {
            let value = section.value(key) { text throws(Expectation) in
                try ConfigurationValue.duration(text, in: .seconds(1) ... .hours(24))
            }
            if let value { limits[keyPath: path] = value }
        }
        count("connections_per_address", \.connectionsPerAddress)
        count("requests_before_session", \.requestsBeforeSession)
        duration("request_timeout", \.requestTimeout)
        duration("idle_timeout", \.idleTimeout)
        duration("session_timeout", \.sessionTimeout)
        count("simultaneous_connects", \.simultaneousConnects)
        let groupMemory = section.value("group_memory") { text throws(Expectation) in
            try ConfigurationValue.size(text, in: 100_000...1_000_000_000)
        }
        if let groupMemory { limits.groupMemory = Int(groupMemory) }
        let packetSize = section.value("packet_size") { text throws(Expectation) in
            try ConfigurationValue.size(text, in: 500...9000)
        }
        if let packetSize { limits.packetSize = Int(packetSize) }
        section.end()
        return limits
    }
}
