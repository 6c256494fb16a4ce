import Ingest
import NIOCore

extension CameraReading {
    /// `publish: true`, or settings; `nil` where something is wrong.
    func published(_ field: ConfigurationSection.Field) -> StreamConfiguration? {
        endAlone(with: "publish")
        let errorsBefore = section.reading.errors.count
        var announce = AnnounceConfiguration()
        if case .scalar(let scalar) = field.node, !scalar.isNothing {
            _ = section.value("publish") { text throws(Expectation) in
                let isOpen = try ConfigurationValue.boolean(text)
                guard isOpen else {
                    throw Expectation("true, or settings", hint: "leave the camera out where nobody may publish")
                }
                return isOpen
            }
        } else if let settings = section.section(field) {
            announce = AnnounceConfiguration(settings, isPrefix: name.isPrefix)
        }
        guard section.reading.errors.count == errorsBefore else { return nil }
        return StreamConfiguration(path: name, source: name.isPrefix ? .publishBelow(announce) : .publish(announce))
    }
}

extension AnnounceConfiguration {
    /// The defaults with the keys of a section put over them.
    fileprivate init(_ section: ConfigurationSection, isPrefix: Bool) {
        self.init()
        if let takeover = section.value("takeover", ConfigurationValue.boolean) { self.takeover = takeover }
        let timeout = section.value("timeout") { text throws(Expectation) in
            try ConfigurationValue.duration(text, in: .seconds(1) ... .minutes(10))
        }
        if let timeout { self.timeout = timeout }
        if isPrefix {
            let streams = section.value("streams") { text throws(Expectation) in
                try ConfigurationValue.count(text, in: 1...10_000)
            }
            if let streams { mostStreams = streams }
            let linger = section.value("linger") { text throws(Expectation) in
                try ConfigurationValue.duration(text, in: .seconds(0) ... .hours(24))
            }
            if let linger { self.linger = linger }
        }
        section.end(otherwise: isPrefix ? nil : "streams and linger are for names that end in /*")
    }
}
