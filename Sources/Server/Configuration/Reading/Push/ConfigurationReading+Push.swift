import Egress
import RTSP

/// Reading of `push:`.
extension ConfigurationReading {
    /// What goes where, in the order of the file; what has errors is left out.
    func pushes(
        _ section: ConfigurationSection, of cameras: [CameraConfiguration], beside multicast: MulticastConfiguration?,
        _ root: ConfigurationSection
    ) -> [PushConfiguration] {
        let names = root.field("cameras").flatMap { field -> [String]? in
            guard case .mapping(let mapping) = field.node else { return nil }
            return mapping.keys.compactMap { $0.scalar.map(name(of:)) }
        }
        var owners: [String: String] = [:]
        var places = DatagramPlaces(beside: multicast)
        var all: [PushConfiguration] = []
        for field in section.fields {
            guard isPushName(field) else { continue }
            let hint = "write \(field.name.printable): {to: \"rtsp://host/{camera}\", cameras: \"*\"}"
            guard let section = section.section(field, hint: hint) else { continue }
            let reading = PushReading(name: field.name, section: section, cameras: cameras, names: names ?? [])
            for push in reading.pushes() {
                if let refusal = push.datagrams.flatMap({ places.take($0) }) {
                    section.reading.report(
                        section.field("to")?.place ?? section.place, section.path(of: "to"), found: "\(push.target)",
                        expected: refusal.expected, hint: refusal.hint
                    )
                    break
                }
                let place = push.target.place
                if let owner = owners.updateValue(push.path, forKey: place) {
                    section.reading.report(
                        section.field("to")?.place ?? section.place, section.path(of: "to"),
                        found: "\(owner) and \(push.path) to the same place", expected: "a place of its own for each",
                        hint: "put {camera} into the URL, where the camera's name is to stand"
                    )
                    break
                }
                all.append(push)
            }
        }
        return all.map { push in
            guard let target = push.datagrams else { return push }
            return PushConfiguration(name: push.name, path: push.path, target: .datagrams(places.bounded(target)))
        }
    }

    private func isPushName(_ field: ConfigurationSection.Field) -> Bool {
        let isName = field.name.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || "-_.".contains($0) }
        if isName, (1...64).contains(field.name.count) { return true }
        report(
            field.keyPlace, field.keyPath, found: "the name \(field.name.quotedForError)",
            expected: "letters, digits, -, _ and ., 64 characters at most"
        )
        return false
    }
}

extension PushTarget {
    /// What two streams cannot both be sent to, however it is spelled.
    fileprivate var place: String {
        switch self {
        case .rtsp(let target):
            RTSPURL(target.url).map { "\($0.host.lowercased()) \($0.portOrDefault) \($0.pathAndQuery)" } ?? target.url
        case .datagrams(let target): target.description
        }
    }
}

extension PushConfiguration {
    fileprivate var datagrams: DatagramPushTarget? {
        if case .datagrams(let target) = target { target } else { nil }
    }
}
