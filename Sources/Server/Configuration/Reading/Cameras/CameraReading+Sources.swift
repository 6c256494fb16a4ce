import Ingest
import NIOCore
import Yams

/// Several sources of one stream, the best first.
extension CameraReading {
    /// The keys that only they have.
    static let failoverKeys = ["sources", "return_after"]
    /// What a source says for itself; the rest is the camera's.
    private static let sharedKeys = ["on_demand", "linger"]

    /// A URL as it is written, or settings with a `url:`.
    fileprivate struct Entry {
        var source: FailoverConfiguration.Source
        var field: ConfigurationSection.Field
    }

    /// What `sources:` names, in its order; `nil` without the key, or with an error.
    func inOrder(_ own: PullSettings, _ settings: PullSettings) -> FailoverConfiguration? {
        guard let field = section.field("sources") else {
            if let stray = section.field("return_after") {
                section.reading.report(
                    stray.keyPlace, stray.keyPath, found: "return_after without sources", expected: "sources beside it")
            }
            return nil
        }
        let returnAfter = returnAfter()
        guard let items = items(field) else { return nil }
        let entries = items.compactMap { entry($0, own, settings) }
        guard entries.count == items.count, !refusesTwins(entries) else { return nil }
        var failover = FailoverConfiguration(sources: entries.map(\.source))
        if let returnAfter { failover.policy.returnAfter = returnAfter.amount }
        if let onDemand = settings.onDemand { failover.onDemand = onDemand }
        if let linger = settings.linger { failover.linger = linger }
        if let timeout = settings.timeout { failover.timeout = timeout }
        return failover
    }

    /// `never`, or a time.
    private struct ReturnAfter {
        var amount: TimeAmount?
    }

    private func returnAfter() -> ReturnAfter? {
        section.value("return_after") { text throws(Expectation) in
            if text == "never" { return ReturnAfter(amount: nil) }
            do throws(Expectation) {
                return ReturnAfter(amount: try ConfigurationValue.duration(text, in: .seconds(1) ... .hours(24)))
            } catch {
                throw Expectation("\(error.expected), or never", hint: error.hint)
            }
        }
    }

    private func items(_ field: ConfigurationSection.Field) -> [ConfigurationSection.Field]? {
        for key in ["main", "sdp", "template"] {
            guard let other = section.field(key) else { continue }
            section.reading.report(
                other.keyPlace, other.keyPath, found: "\(key) beside sources",
                expected: "one of main, sdp, template, sources")
            return nil
        }
        if section.reading.refusesAnchor(field.node, field.keyPath) { return nil }
        guard case .sequence(let sequence) = field.node, sequence.count > 1 else {
            let found = if case .sequence(let few) = field.node { "a list of \(few.count)" } else { field.node.kind }
            section.reading.report(
                field.place, field.keyPath, found: found, expected: "a list of two sources or more",
                hint: "one alone goes behind main:; a list is [\"rtsp://…\", \"rtsp://…\"] or lines that begin with -")
            return nil
        }
        return sequence.enumerated().map { index, node in
            let place = Place(node.mark)
            return ConfigurationSection.Field(
                name: "source", keyPath: "\(field.keyPath)[\(index + 1)]", keyPlace: place, node: node)
        }
    }

    private func entry(
        _ field: ConfigurationSection.Field, _ own: PullSettings, _ settings: PullSettings
    ) -> Entry? {
        if case .scalar = field.node {
            guard let text = section.text(field, expected: "a URL, or {url: …}") else { return nil }
            let source = configuration(of: Source(field: field, written: text, text: text.text), own, settings)
            return source.flatMap { Entry($0, field) }
        }
        guard let entry = section.section(field) else { return nil }
        let reading = CameraReading(name: name, section: entry, templates: [:], defaults: nil)
        for key in Self.sharedKeys {
            guard let stray = entry.field(key) else { continue }
            section.reading.report(
                stray.keyPlace, stray.keyPath, found: "\(key) for one source",
                expected: "\(key) for the camera, beside sources")
        }
        let errorsBefore = section.reading.errors.count
        let closer = PullSettings(entry)
        let source = reading.url().flatMap { reading.configuration(of: $0, closer, closer.over(settings)) }
        if let source { reading.check([source], closer) }
        entry.end()
        guard let source, section.reading.errors.count == errorsBefore else { return nil }
        return Entry(source, field)
    }

    private func url() -> Source? {
        guard let field = section.field("url") else {
            section.reportMissing("url", expected: "a URL such as rtsp://10.0.0.1:554/path")
            return nil
        }
        guard let text = section.text(field) else { return nil }
        return Source(field: field, written: text, text: text.text)
    }

    /// The same source a second time is no second source.
    private func refusesTwins(_ entries: [Entry]) -> Bool {
        for (index, entry) in entries.enumerated() {
            guard let first = entries[..<index].firstIndex(where: { $0.place == entry.place }) else { continue }
            let same = entry.listensAtPort ? "port" : "URL"
            section.reading.report(
                entry.field.place, entry.field.keyPath, found: "the \(same) of source \(first + 1) a second time",
                expected: entry.listensAtPort ? "each port once" : "each source once")
            return true
        }
        return false
    }
}

extension CameraReading.Entry {
    fileprivate init?(_ source: SourceConfiguration, _ field: ConfigurationSection.Field) {
        switch source {
        case .pull(let pull): self.init(source: .pull(pull), field: field)
        case .listen(let listen): self.init(source: .listen(listen), field: field)
        case .failover, .playlist, .testCamera, .publish, .publishBelow: return nil
        }
    }

    /// Where it comes from, whoever asks and however.
    fileprivate var place: String {
        switch source {
        case .pull(let pull): pull.url
        case .listen(let listen): listen.unicastPort.map { ":\($0)" } ?? "\(listen) \(listen.source ?? "")"
        }
    }

    fileprivate var listensAtPort: Bool {
        if case .listen(let listen) = source { listen.unicastPort != nil } else { false }
    }
}

extension ListenSourceConfiguration {
    /// The port that is this source's alone; of a group there may be several members, each for another sender.
    fileprivate var unicastPort: UInt16? {
        switch origin {
        case .description: return nil
        case .rtp(let host, let port), .transportStream(let host, let port):
            let address = host.flatMap { try? SocketAddress(ipAddress: $0, port: 0) }
            return address?.isMulticast == true ? nil : port
        }
    }
}
