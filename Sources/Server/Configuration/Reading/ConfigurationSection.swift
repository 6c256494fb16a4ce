import Yams

/// One mapping of the file. Every key asked for is known; `end()` reports the others.
final class ConfigurationSection {
    /// One key with its value.
    struct Field {
        var name: String
        var keyPath: String
        var keyPlace: Place
        var node: Node
        var place: Place { Place(node.mark) }
    }

    let reading: ConfigurationReading
    let keyPath: String
    /// Where the section's own key stands; what is missing in it is reported there.
    let place: Place
    let fields: [Field]
    private var known: [String] = []

    init(_ mapping: Node.Mapping?, keyPath: String, place: Place, reading: ConfigurationReading) {
        self.reading = reading
        self.keyPath = keyPath
        self.place = place
        var fields: [Field] = []
        for (key, value) in mapping ?? [:] {
            guard case .scalar(let scalar) = key else {
                reading.report(Place(key.mark), keyPath, found: "\(key.kind) as a key", expected: "a name")
                continue
            }
            let name = reading.name(of: scalar)
            let path = keyPath.isEmpty ? name : "\(keyPath).\(name)"
            if reading.refusesAnchor(key, path) { continue }
            if let first = fields.first(where: { $0.name == name }) {
                reading.report(
                    Place(key.mark),
                    path,
                    found: "\(name.quotedForError) a second time",
                    expected: "each key once",
                    hint: "the first is in line \(first.keyPlace.line)"
                )
                continue
            }
            fields.append(Field(name: name, keyPath: path, keyPlace: Place(key.mark), node: value))
        }
        self.fields = fields
    }

    /// The field of that name, which is a known key from now on.
    func field(_ name: String) -> Field? {
        if !known.contains(name) { known.append(name) }
        return fields.first { $0.name == name }
    }

    /// The path of a key that may be missing.
    func path(of name: String) -> String {
        keyPath.isEmpty ? name : "\(keyPath).\(name)"
    }

    /// The mapping under a key; with nothing behind the key an empty one.
    func section(_ name: String) -> ConfigurationSection? {
        field(name).flatMap { section($0) }
    }

    /// The mapping a field holds; `nil` where it holds something else, which is then reported.
    func section(_ field: Field, hint: String? = nil) -> ConfigurationSection? {
        if reading.refusesAnchor(field.node, field.keyPath) { return nil }
        switch field.node {
        case .mapping(let mapping):
            return ConfigurationSection(mapping, keyPath: field.keyPath, place: field.keyPlace, reading: reading)
        case .scalar(let scalar) where scalar.isNothing:
            return ConfigurationSection(nil, keyPath: field.keyPath, place: field.keyPlace, reading: reading)
        case .scalar, .sequence, .alias:
            let hint = hint ?? "write \(field.name.printable): {key: value} or indented lines below it"
            reading.report(
                field.place,
                field.keyPath,
                found: field.node.kind,
                expected: "a mapping",
                hint: hint
            )
            return nil
        }
    }

    /// Reports every key nobody asked for; `otherwise` is the hint where no known key is near.
    func end(otherwise: String? = nil, except exempt: (Field) -> Bool = { _ in false }) {
        let choices = known.isEmpty ? "no key" : "one of \(known.sorted().joined(separator: ", "))"
        for field in fields where !known.contains(field.name) {
            if PlannedKeys.contains(field.name) {
                let found = "\(field.name.quotedForError), planned, not built yet"
                reading.report(field.keyPlace, field.keyPath, found: found, expected: choices)
            } else if !exempt(field) {
                reading.report(
                    field.keyPlace,
                    field.keyPath,
                    found: "unknown key \(field.name.quotedForError)",
                    expected: choices,
                    hint: Spelling.hint(for: field.name, among: known) ?? otherwise
                )
            }
        }
    }
}

// MARK: Values

extension ConfigurationSection {
    /// The text under a key with its variables filled in; `nil` if there is no key, or no text, which is reported.
    func text(_ name: String) -> ConfigurationText? {
        field(name).flatMap { text($0) }
    }

    /// The text a field holds; `nil` where it holds something else, which is then reported.
    func text(_ field: Field, expected: String = "text") -> ConfigurationText? {
        if reading.refusesAnchor(field.node, field.keyPath) { return nil }
        guard case .scalar(let scalar) = field.node, !scalar.isNothing else {
            reading.report(
                field.node.kind == "nothing" ? field.keyPlace : field.place,
                field.keyPath,
                found: field.node.kind,
                expected: expected,
                hint: field.node.kind == "nothing" ? nil : "put a value that begins with { or [ in quotes"
            )
            return nil
        }
        do {
            return try reading.variables.fill(scalar.string)
        } catch {
            let found = field.isSecret ? error.found.onlyVariable : error.found
            reading.report(field.place, field.keyPath, found: found, expected: error.expected, hint: error.hint)
            return nil
        }
    }

    /// The value under a key; `nil` if there is no key or its text is not what `parse` expects, which is reported.
    func value<Value>(_ name: String, _ parse: (String) throws(Expectation) -> Value) -> Value? {
        guard let field = field(name), let text = text(field) else { return nil }
        do throws(Expectation) {
            return try parse(text.text)
        } catch {
            report(field, text, error)
            return nil
        }
    }

    /// Reports a text that is not what it had to be, without what came out of a variable and without a password.
    func report(_ field: Field, _ text: ConfigurationText, _ expectation: Expectation) {
        let unseen = text.isFilled ? "what a variable holds is not shown" : nil
        let hints = [expectation.hint, unseen].compactMap { $0 }
        reading.report(
            field.place,
            field.keyPath,
            found: field.isSecret ? "***" : text.written.quotedForError,
            expected: expectation.expected,
            hint: hints.isEmpty ? nil : hints.joined(separator: "; ")
        )
    }

    /// Reports a key that had to be there.
    func reportMissing(_ name: String, expected: String, hint: String? = nil) {
        reading.report(place, path(of: name), found: "nothing", expected: expected, hint: hint)
    }
}

extension ConfigurationSection.Field {
    /// Whether the value is never to be shown.
    var isSecret: Bool {
        ["password", "secret", "token"].contains { name.lowercased().contains($0) }
    }
}

extension String {
    /// `${NAME}` itself is no secret; an odd text in braces may be part of one.
    fileprivate var onlyVariable: String {
        hasSuffix("which is not set") || hasPrefix("${file:") ? self : "***"
    }
}
