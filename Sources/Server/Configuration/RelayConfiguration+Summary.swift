import Egress

extension RelayConfiguration {
    /// What would be served and pushed, one stream a line, without passwords.
    package var summary: String {
        let streams = cameras.flatMap(\.streams)
        let width = streams.map(\.path.count).max() ?? 0
        var lines = ["\(count(cameras, "camera")), \(count(streams, "stream")) at \(places)"]
        if let webPlaces { lines.append(webPlaces) }
        if webPlaces != nil, let file = web.accessLog {
            lines.append("each request noted \(file == "-" ? "on standard output" : "in \(file.printable)")")
        }
        if let multicast = listen.multicast {
            lines.append("multicast to \(multicast.addresses), ports \(multicast.ports)")
        }
        for stream in streams {
            let padding = String(repeating: " ", count: width - stream.path.count)
            lines.append("  \(stream.path)\(padding)  \(stream.source.summary)")
        }
        if let media { lines.append("movies of \(media.folder) at \(media.path)/") }
        guard !pushes.isEmpty else { return lines.joined(separator: "\n") }
        lines.append(pushes.count == 1 ? "1 push" : "\(pushes.count) pushes")
        let places = pushes.map { "\($0.name): \($0.path)" }
        let longest = places.map(\.count).max() ?? 0
        for (push, place) in zip(pushes, places) {
            lines.append("  \(place)\(String(repeating: " ", count: longest - place.count))  to \(push.target)")
        }
        return lines.joined(separator: "\n")
    }

    private var places: String {
        let plain = "rtsp://\(listen.rtsp.forURL)/"
        guard let rtsps = listen.rtsps else { return plain }
        return "\(plain) and rtsps://\(rtsps.forURL)/, \(certificate == nil ? "self-signed" : "with its certificate")"
    }

    private var webPlaces: String? {
        let places = [
            listen.http.map { "http://\($0.forURL)/" }, listen.https.map { "https://\($0.forURL)/" },
        ].compactMap(\.self)
        return places.isEmpty ? nil : "over HTTP at \(places.joined(separator: " and "))"
    }

    private func count(_ things: some Collection, _ name: String) -> String {
        "\(things.count) \(name)\(things.count == 1 ? "" : "s")"
    }
}

extension ListenAddress {
    /// With a name for the reader to replace where it listens on all addresses.
    fileprivate var forURL: String {
        host == nil ? "HOST:\(port)" : description
    }
}

extension SourceConfiguration {
    fileprivate var summary: String {
        switch self {
        case .pull(let pull):
            "\(pull) \(pull.onDemand ? "on demand" : "always")"
        case .listen(let listen):
            "\(listen) \(listen.onDemand ? "on demand" : "always")"
        case .failover(let failover):
            "\(failover) \(failover.onDemand ? "on demand" : "always")"
        case .playlist(let playlist):
            "\(playlist) \(playlist.onDemand ? "on demand" : "always")"
        case .testCamera(let test):
            "test camera \(test.width)x\(test.height) at \(test.frameRate) pictures a second"
        case .publish(let publish):
            "open to publishers, one at a time, the \(publish.takeover ? "newest" : "first") counts"
        case .publishBelow(let publish):
            "open to publishers, \(publish.mostStreams) streams at most"
        }
    }
}
