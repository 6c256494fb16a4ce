import Egress

/// Reading of one entry of `push:`: which cameras go where.
struct PushReading {
    let name: String
    let section: ConfigurationSection
    /// Those without errors.
    let cameras: [CameraConfiguration]
    /// Of all cameras, whether right or wrong.
    let names: [String]

    private enum WantedStream: String, CaseIterable {
        case main, sub
    }

    /// What one word of `cameras:` says.
    private enum Choice {
        case camera(String)
        case group(String)
        case all
    }

    /// One for each camera; none where something is wrong, which is then reported.
    func pushes() -> [PushConfiguration] {
        let errorsBefore = section.reading.errors.count
        let wanted =
            section.value("stream") { text throws(Expectation) in
                try ConfigurationValue.word(text, of: WantedStream.self)
            } ?? .main
        let chosen = chosenCameras(wanted)
        if chosen.isEmpty, let field = section.field("cameras"), section.reading.errors.count == errorsBefore,
            cameras.count == names.count
        {
            section.reading.report(
                field.place, field.keyPath, found: "no camera with a \(wanted.rawValue) stream",
                expected: "at least one that can be sent")
        }
        let settings = PushSettings(section)
        let pushes = targets(of: chosen, wanted, settings)
        section.end(otherwise: "push takes settings of its own, not those of cameras")
        return section.reading.errors.count == errorsBefore ? pushes : []
    }

    // MARK: Which

    /// In the order of the cameras, each once.
    private func chosenCameras(_ wanted: WantedStream) -> [CameraConfiguration] {
        let choices = section.names("cameras") { text throws(Expectation) in try Self.choice(text) }
        if section.field("cameras") == nil {
            section.reportMissing("cameras", expected: "names of cameras, group:NAME, or \"*\" for all")
        }
        var chosen: Set<String> = []
        for choice in choices {
            let found = chosenCameras(choice, wanted)
            chosen.formUnion(found.map(\.name))
        }
        return cameras.filter { chosen.contains($0.name) }
    }

    private static func choice(_ text: String) throws(Expectation) -> Choice {
        if text == "*" { return .all }
        guard text.hasPrefix("group:") else { return .camera(text) }
        let group = String(text.dropFirst("group:".count))
        guard !group.isEmpty else { throw Expectation("group: and the name of a group, such as group:docks") }
        return .group(group)
    }

    private func chosenCameras(
        _ choice: ConfigurationSection.Named<Choice>, _ wanted: WantedStream
    ) -> [CameraConfiguration] {
        let found: [CameraConfiguration]
        switch choice.value {
        case .camera(let name): return camera(name, choice, wanted)
        case .group(let group):
            let groups = cameras.flatMap(\.groups)
            // A camera with errors may be the one that has it.
            guard groups.contains(group) || cameras.count < names.count else {
                refuse(
                    choice,
                    groups.isEmpty ? "a group that a camera names in groups:" : "group: and one of \(list(groups))",
                    Spelling.hint(for: group, among: groups))
                return []
            }
            found = cameras.filter { $0.groups.contains(group) }
        case .all: found = cameras
        }
        // Of many at once those that can go.
        return found.filter { $0.path(of: wanted.rawValue) != nil }
    }

    private func camera(
        _ name: String, _ choice: ConfigurationSection.Named<Choice>, _ wanted: WantedStream
    ) -> [CameraConfiguration] {
        guard let camera = cameras.first(where: { $0.name == name }) else {
            if !names.contains(name) {
                refuse(choice, "the name of a camera, group:NAME, or \"*\"", Spelling.hint(for: name, among: names))
            }
            return []
        }
        guard camera.path(of: wanted.rawValue) != nil else {
            if name.isPrefix {
                refuse(choice, "a camera with a path of its own", "\(name) stands for many paths that come and go")
            } else {
                refuse(choice, "a camera with a \(wanted.rawValue) stream", "\(name) has none")
            }
            return []
        }
        return [camera]
    }

    private func refuse(
        _ choice: ConfigurationSection.Named<Choice>, _ expected: String, _ hint: String?
    ) {
        section.report(choice.field, choice.text, Expectation(expected, hint: hint))
    }

    private func list(_ groups: [String]) -> String {
        Set(groups).sorted().prefix(20).joined(separator: ", ")
    }

    // MARK: Where

    private func targets(
        of chosen: [CameraConfiguration], _ wanted: WantedStream, _ settings: PushSettings
    ) -> [PushConfiguration] {
        guard let field = section.field("to") else {
            section.reportMissing("to", expected: "a URL such as rtsp://host:8554/{camera}")
            return []
        }
        guard let text = section.text(field) else { return [] }
        let paths = chosen.compactMap { camera in
            camera.path(of: wanted.rawValue).map { (camera: camera.name, path: $0) }
        }
        if DatagramPushURL.isMeant(by: text.text) { return datagramTargets(field, text, paths) }
        do throws(Expectation) {
            let pattern = try PushPattern(text.text)
            settings.refuseMisplaced(in: section, isSecure: pattern.isSecure)
            return paths.map { camera, path in
                let target = settings.target(pattern.url(of: camera), isSecure: pattern.isSecure)
                return PushConfiguration(name: name, path: path, target: .rtsp(target))
            }
        } catch {
            section.report(field, text, error)
            return []
        }
    }
}

extension CameraConfiguration {
    /// The path of the main or the sub stream; `nil` where there is none, or none that is always the same.
    fileprivate func path(of stream: String) -> String? {
        guard !name.isPrefix else { return nil }
        let wanted = stream == "sub" ? "\(name)/sub" : name
        return streams.contains { $0.path == wanted } ? wanted : nil
    }
}
