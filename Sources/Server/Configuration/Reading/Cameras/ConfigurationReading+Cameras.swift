import Ingest
import Media

/// Reading of `templates:` and `cameras:`.
extension ConfigurationReading {
    /// The templates by name; `nil` under a name stands for one with errors, which no camera is to repeat.
    func templates(_ section: ConfigurationSection) -> [String: CameraTemplate?] {
        var templates: [String: CameraTemplate?] = [:]
        for field in section.fields {
            templates.updateValue(section.section(field).flatMap(template), forKey: field.name)
        }
        return templates
    }

    private func template(_ section: ConfigurationSection) -> CameraTemplate? {
        let errorsBefore = errors.count
        let settings = PullSettings(section)
        if section.field("main") == nil {
            section.reportMissing("main", expected: "a URL such as rtsp://{host}:554/path")
        }
        var template = CameraTemplate(
            main: pattern("main", section),
            sub: pattern("sub", section),
            settings: settings,
            defaults: [:]
        )
        for hole in template.holes {
            template.defaults[hole] = section.text(hole)
        }
        section.end(otherwise: "a value for a hole needs the hole, such as {channel}, in main or sub")
        return errors.count == errorsBefore ? template : nil
    }

    private func pattern(_ name: String, _ section: ConfigurationSection) -> CameraTemplate.Pattern? {
        guard let field = section.field(name), let text = section.text(field) else { return nil }
        do throws(Expectation) {
            let pattern = try CameraTemplate.Pattern(text)
            if case .text(let start) = pattern.pieces.first, start.contains("://"), !ListenURL.isMeant(by: start) {
                _ = try CameraURL.schemeAndRest(of: start)
            }
            if let reserved = pattern.holes.first(where: CameraReading.keys.contains) {
                throw Expectation("holes with names of their own", hint: "{\(reserved)} is a setting of the camera")
            }
            return pattern
        } catch {
            section.report(field, text, error)
            return nil
        }
    }

    /// The cameras in the order of the file, without those that have errors.
    func cameras(
        _ section: ConfigurationSection,
        _ templates: [String: CameraTemplate?],
        _ defaults: PullSettings?
    ) -> [CameraConfiguration] {
        if section.fields.isEmpty {
            report(
                section.place,
                section.keyPath,
                found: "nothing",
                expected: "at least one camera",
                hint: "cameras: {test: {test_camera: {}}}"
            )
        }
        var owners: [String: String] = [:]
        var cameras: [CameraConfiguration] = []
        for field in section.fields {
            let hint = "write \(field.name.printable): {main: \"rtsp://host/path\"}"
            guard isCameraName(field), let section = section.section(field, hint: hint) else { continue }
            let reading = CameraReading(name: field.name, section: section, templates: templates, defaults: defaults)
            guard let camera = reading.camera() else { continue }
            for stream in camera.streams {
                if let owner = owners.updateValue(field.name, forKey: stream.path) {
                    report(
                        field.keyPlace,
                        field.keyPath,
                        found: "a stream at the path \(stream.path), which camera \(owner) has already",
                        expected: "a path of its own for every stream",
                        hint: "give one of the two another name"
                    )
                }
            }
            cameras.append(camera)
        }
        return cameras
    }

    /// A name goes into URLs as it is.
    private func isCameraName(_ field: ConfigurationSection.Field) -> Bool {
        let name = field.name.isPrefix ? field.name.dropLast(2) : field.name[...]
        let segments = name.split(separator: "/", omittingEmptySubsequences: false)
        let isName = segments.allSatisfy { segment in
            !segment.isEmpty && segment != "." && segment != ".."
                && segment.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || "-_.".contains($0) }
        }
        if isName, field.name.count <= 128 { return true }
        report(
            field.keyPlace,
            field.keyPath,
            found: "the camera name \(field.name.quotedForError)",
            expected: "letters, digits, -, _ and . in segments divided by /, 128 characters at most",
            hint: field.name.contains("*") ? "a * stands for all paths below one: incoming/*" : "title: takes any text"
        )
        return false
    }
}
