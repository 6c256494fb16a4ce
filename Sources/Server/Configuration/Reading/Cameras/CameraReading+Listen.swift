import Ingest
import NIOCore

/// Sources that send by themselves, of which there is nothing to ask.
extension CameraReading {
    /// The keys that make no sense for them.
    private static let askingKeys = ["transport", "keepalive", "username", "password"]
    /// The keys that only they have.
    static let listenKeys = ["sdp", "interface", "source"]

    /// What a session description in a file says; `nil` without `sdp:`, or with an error.
    func described(_ settings: PullSettings) -> ListenSourceConfiguration? {
        guard let field = section.field("sdp"), let text = section.text(field) else { return nil }
        for key in ["main", "template"] {
            guard let other = section.field(key) else { continue }
            section.reading.report(
                other.keyPlace, other.keyPath, found: "\(key) beside sdp", expected: "one of main, sdp, template")
            return nil
        }
        guard !text.text.isEmpty, !text.text.contains("\0") else {
            section.report(field, text, Expectation("the path of a session description's file"))
            return nil
        }
        let directory = section.reading.variables.directory
        let path = text.text.hasPrefix("/") || directory.isEmpty ? text.text : "\(directory)/\(text.text)"
        return completed(.description(file: path), source: nil, settings)
    }

    /// A source with the camera's other keys; `source` is what its URL names.
    func completed(
        _ origin: ListenSourceConfiguration.Origin, source: String?, _ settings: PullSettings
    ) -> ListenSourceConfiguration {
        var listen = ListenSourceConfiguration(origin: origin)
        listen.interface = section.value("interface") { text throws(Expectation) in
            guard !text.isEmpty, text.allSatisfy({ !$0.isWhitespace }), text.utf8.count < 64 else {
                throw Expectation("the name of an interface, or its address, such as eth0 or 10.0.0.2")
            }
            return text
        }
        let named = section.value("source") { text throws(Expectation) in
            guard (try? SocketAddress(ipAddress: text, port: 0)) != nil else {
                throw Expectation("the address of the sender, such as 10.0.0.9")
            }
            return text
        }
        listen.source = named ?? source
        if let onDemand = settings.onDemand { listen.onDemand = onDemand }
        if let linger = settings.linger { listen.linger = linger }
        if let timeout = settings.timeout { listen.timeout = timeout }
        return listen
    }

    /// Keys of one kind of source beside another kind.
    func reportStrayKeys(of sources: [SourceConfiguration]) {
        let listens = sources.contains { if case .listen = $0 { true } else { false } }
        let pulls = sources.contains { if case .pull = $0 { true } else { false } }
        let stray = (listens && !pulls ? Self.askingKeys : []) + (pulls && !listens ? ["interface", "source"] : [])
        for key in stray {
            guard let field = section.field(key) else { continue }
            let kind = listens ? "a source that sends by itself" : "a camera that is pulled"
            section.reading.report(
                field.keyPlace, field.keyPath, found: "\(key) for \(kind)", expected: "no such key here")
        }
    }
}
