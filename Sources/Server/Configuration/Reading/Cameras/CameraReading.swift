import Ingest
import Media
import NIOCore

/// Reading of one camera.
struct CameraReading {
    /// The keys of a camera, which no hole of a template may be called.
    static let keys =
        ["template", "main", "sub", "title", "groups", "test_camera", "publish"] + PullSettings.keys + listenKeys
        + failoverKeys + playlistKeys

    let name: String
    let section: ConfigurationSection
    let templates: [String: CameraTemplate?]
    let defaults: PullSettings?

    /// What `template:` names.
    private enum Reference {
        case none
        /// Reported where the error is; what the camera has for it is left alone.
        case broken
        case template(CameraTemplate, ConfigurationSection.Field)
    }

    /// One URL before it is taken apart, and where to report what is wrong with it.
    struct Source {
        var field: ConfigurationSection.Field
        var written: ConfigurationText
        /// With its holes filled.
        var text: String
    }

    /// `nil` where something is wrong, which is then reported.
    func camera() -> CameraConfiguration? {
        let title = section.text("title")?.text
        let groups = groups()
        if let field = section.field("test_camera") {
            return CameraConfiguration(name: name, title: title, groups: groups, streams: [testCamera(field)])
        }
        if let field = section.field("publish") {
            return published(field).map {
                CameraConfiguration(name: name, title: title, groups: groups, streams: [$0])
            }
        }
        if name.isPrefix {
            section.reportMissing("publish", expected: "publish: true, the only source that a name with * may have")
        }
        if let field = section.field("playlist") ?? section.field("file") {
            return playlist(field).map {
                CameraConfiguration(name: name, title: title, groups: groups, streams: [$0])
            }
        }
        let own = PullSettings(section)
        let reference = reference()
        let streams = pulls(reference, own)
        if case .broken = reference {
            section.end { _ in true }
        } else {
            section.end(otherwise: "a key for a hole such as {host} needs a template that has the hole")
        }
        guard !streams.isEmpty else { return nil }
        return CameraConfiguration(name: name, title: title, groups: groups, streams: streams)
    }

    private func groups() -> [String] {
        section.names("groups") { text throws(Expectation) in
            guard !text.isEmpty, text.allSatisfy({ $0.isASCIILetter || $0.isASCIIDigit || "-_.".contains($0) }) else {
                throw Expectation("the name of a group: letters, digits, -, _ and .")
            }
            return text
        }.map(\.value)
    }

    private func reference() -> Reference {
        guard let field = section.field("template") else { return .none }
        guard let text = section.text(field) else { return .broken }
        guard let template = templates[text.text] else {
            let names = templates.keys.sorted()
            section.report(
                field,
                text,
                Expectation(
                    names.isEmpty ? "a template out of templates:" : "one of \(names.joined(separator: ", "))",
                    hint: Spelling.hint(for: text.text, among: names)
                )
            )
            return .broken
        }
        return template.map { .template($0, field) } ?? .broken
    }
}

extension CameraReading {
    /// A source that has its settings below its own key takes none of those of a pull.
    func endAlone(with source: String) {
        for key in Self.keys where key != "title" && key != "groups" && key != source {
            guard let other = section.field(key) else { continue }
            section.reading.report(
                other.keyPlace,
                other.keyPath,
                found: "\(key) beside \(source)",
                expected: "\(source), title and groups alone"
            )
        }
        section.end()
    }
}

extension String {
    /// The name of a camera that stands for all paths below one.
    var isPrefix: Bool { hasSuffix("/*") }
}

// MARK: Pulled streams

extension CameraReading {
    private func pulls(_ reference: Reference, _ own: PullSettings) -> [StreamConfiguration] {
        var template: CameraTemplate?
        if case .template(let named, _) = reference { template = named }
        for hole in template?.holes ?? [] { _ = section.field(hole) }

        let settings = own.over(template?.settings).over(defaults)
        let described = described(settings)
        let main = source("main", template?.main, reference)
        let sub = source("sub", template?.sub, reference)
        let inOrder = inOrder(own, settings)
        if case .none = reference, !["main", "sdp", "sources"].contains(where: { section.field($0) != nil }) {
            section.reportMissing(
                "main", expected: "one of main, sdp, sources, template, playlist, file, publish, test_camera")
        }
        var streams = described.map { [StreamConfiguration(path: name, source: .listen($0))] } ?? []
        if let inOrder { streams.append(StreamConfiguration(path: name, source: .failover(inOrder))) }
        for (path, source) in [(name, main), ("\(name)/sub", sub)] {
            guard let source, let configuration = configuration(of: source, own, settings) else { continue }
            streams.append(StreamConfiguration(path: path, source: configuration))
        }
        check(streams.flatMap(\.source.alternatives), own)
        return streams.first?.path == name ? streams : []
    }

    /// What cannot be meant with these sources of a camera, or of one entry of `sources`.
    func check(_ sources: [SourceConfiguration], _ own: PullSettings) {
        reportStrayKeys(of: sources)
        let pulls = sources.compactMap { if case .pull(let pull) = $0 { pull } else { nil } }
        refuseMisplaced(own, of: pulls)
        if pulls.contains(where: { $0.password != nil && $0.username == nil }) {
            section.reportMissing("username", expected: "a user name for the password")
        }
    }

    /// What the camera says itself and what would come to nothing: nobody is to believe it does.
    private func refuseMisplaced(_ own: PullSettings, of pulls: [PullConfiguration]) {
        let (secure, plain) = (pulls.count { $0.url.isSecureURL }, pulls.count { !$0.url.isSecureURL })
        if !pulls.isEmpty, !pulls.contains(where: \.goesOverWebSocket), let field = section.field("websocket_path") {
            section.reading.report(
                field.keyPlace, field.keyPath, found: "websocket_path without a WebSocket",
                expected: "an rtsp+ws:// URL, or transport: websocket"
            )
        }
        if let transport = own.transport, transport.leavesTLS, secure > 0, plain == 0,
            let field = section.field("transport")
        {
            section.reading.report(
                field.place, field.keyPath, found: "\(transport.rawValue) for rtsps://", expected: "tcp",
                hint: "media stay inside of TLS"
            )
        }
        for key in ["fingerprint", "verify"] where secure == 0 && plain > 0 {
            guard let field = section.field(key) else { continue }
            section.reading.report(
                field.keyPlace, field.keyPath, found: "\(key) without TLS", expected: "an rtsps:// URL",
                hint: "rtsp:// has no certificate"
            )
        }
    }

    /// The camera's own URL, or the template's with its holes filled.
    private func source(_ key: String, _ pattern: CameraTemplate.Pattern?, _ reference: Reference) -> Source? {
        if let field = section.field(key) {
            guard let text = section.text(field) else { return nil }
            return Source(field: field, written: text, text: text.text)
        }
        guard let pattern, case .template(let template, var field) = reference else { return nil }
        var text = ""
        var written = pattern.text
        for piece in pattern.pieces {
            switch piece {
            case .text(let run):
                text += run
            case .hole(let hole):
                guard let value = value(of: hole, template) else { return nil }
                text += value.text
                if value.isFilled { written.pieces = [.filled("")] }
            }
        }
        if !written.isFilled { written.written = text }
        field.keyPath = section.path(of: key)
        return Source(field: field, written: written, text: text)
    }

    private func value(of hole: String, _ template: CameraTemplate) -> ConfigurationText? {
        if let field = section.field(hole) { return section.text(field) }
        if let value = template.defaults[hole] { return value }
        section.reportMissing(hole, expected: "a value for {\(hole)} of the template")
        return nil
    }

    /// Pulled or listened to, as its URL says; `nil` for one that is wrong.
    func configuration(
        of source: Source, _ own: PullSettings, _ settings: PullSettings
    ) -> SourceConfiguration? {
        do throws(Expectation) {
            if ListenURL.isMeant(by: source.text) {
                let url = try ListenURL(parsing: source.text)
                return .listen(completed(url.origin, source: url.source, settings))
            }
            let url = try CameraURL(parsing: source.text)
            let isTwice = url.username != nil && own.username != nil || url.password != nil && own.password != nil
            guard !isTwice else {
                throw Expectation("the user and password once", hint: "leave them out of the URL")
            }
            return .pull(settings.pull(url))
        } catch {
            section.report(source.field, source.written, error)
            return nil
        }
    }
}

extension PullTransport {
    /// Datagrams go beside the connection.
    var leavesTLS: Bool {
        switch self {
        case .udp, .multicast: true
        case .tcp, .auto, .http, .websocket: false
        }
    }
}

extension PullConfiguration {
    fileprivate var goesOverWebSocket: Bool {
        transport == .websocket || url.hasPrefix("rtsp+ws:") || url.hasPrefix("rtsps+wss:")
    }
}
