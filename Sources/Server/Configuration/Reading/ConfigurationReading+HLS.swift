import HLS
import NIOCore

/// Reading of `hls:`.
extension ConfigurationReading {
    func hls(_ section: ConfigurationSection) -> HLSConfiguration {
        var hls = HLSConfiguration()
        let segment = section.value("segment") { text throws(Expectation) in
            try ConfigurationValue.duration(text, in: .seconds(1)...(.seconds(30)))
        }
        if let segment { hls.segmentDuration = segment }
        hls.partDuration = section.value("part") { [hls] text throws(Expectation) in
            let part = try ConfigurationValue.duration(text, in: .milliseconds(100)...(.seconds(5)))
            guard part <= .nanoseconds(hls.segmentDuration.nanoseconds / 2) else {
                throw Expectation(
                    "half of a segment at the most, which lasts \(hls.segmentDuration.written)", hint: "write 500ms")
            }
            return part
        }
        let window = section.value("window") { text throws(Expectation) in
            try ConfigurationValue.count(text, in: 3...1000)
        }
        if let window { hls.playlistLength = window }
        let container = section.value("container") { text throws(Expectation) in
            try ConfigurationValue.word(text, of: HLSConfiguration.Container.self)
        }
        if let container { hls.container = container }
        if hls.partDuration != nil, hls.container == .mpegts, let field = section.field("part") {
            report(
                field.place, field.keyPath, found: "parts of MPEG-TS", expected: "container: auto or fmp4",
                hint: "parts are made of fmp4 only")
        }
        if let always = section.value("always", ConfigurationValue.boolean) { hls.always = always }
        lasting(section, &hls)
        section.end()
        return hls
    }

    /// How long, and how much, is kept.
    private func lasting(_ section: ConfigurationSection, _ hls: inout HLSConfiguration) {
        let linger = section.value("linger") { text throws(Expectation) in
            try ConfigurationValue.duration(text, in: .seconds(5)...(.hours(24)))
        }
        if let linger { hls.linger = linger }
        let startTimeout = section.value("start_timeout") { text throws(Expectation) in
            try ConfigurationValue.duration(text, in: .seconds(1)...(.minutes(5)))
        }
        if let startTimeout { hls.startTimeout = startTimeout }
        let memory = section.value("memory") { text throws(Expectation) in
            try ConfigurationValue.size(text, in: 4_000_000...16_000_000_000)
        }
        if let memory { hls.memory = Int(memory) }
    }
}
