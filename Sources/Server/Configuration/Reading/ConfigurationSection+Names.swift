extension ConfigurationSection {
    /// What one place of a list holds, and where it stands.
    struct Named<Value> {
        var value: Value
        var text: ConfigurationText
        var field: Field
    }

    /// The values under a key that takes a list of texts, or one text alone. What `parse` does not expect is reported and left out.
    func names<Value>(_ name: String, _ parse: (String) throws(Expectation) -> Value) -> [Named<Value>] {
        guard let field = field(name) else { return [] }
        var values: [Named<Value>] = []
        for field in entries(of: field) {
            guard let text = text(field) else { continue }
            do throws(Expectation) {
                values.append(Named(value: try parse(text.text), text: text, field: field))
            } catch {
                report(field, text, error)
            }
        }
        return values
    }

    private func entries(of field: Field) -> [Field] {
        guard case .sequence(let sequence) = field.node, !reading.refusesAnchor(field.node, field.keyPath) else {
            return [field]
        }
        return sequence.enumerated().map { index, node in
            var entry = field
            entry.keyPath = "\(field.keyPath)[\(index)]"
            entry.keyPlace = Place(node.mark)
            entry.node = node
            return entry
        }
    }
}
