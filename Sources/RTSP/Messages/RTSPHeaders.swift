/// The header fields of an RTSP message: in the order of the message, names compared without case (RFC 2326 §4.2).
package struct RTSPHeaders: Sendable, Hashable {
    package struct Field: Sendable, Hashable {
        /// The name as written.
        package var name: String
        /// The value without the white space around it; may be empty (quirk A4).
        package var value: String
    }

    package private(set) var fields: [Field] = []

    package init() {}

    /// The first value of that name; setting replaces every field of that name by one, `nil` removes them.
    package subscript(_ name: String) -> String? {
        get { fields.first { $0.name.isSameToken(as: name) }?.value }
        set {
            guard let newValue else { return fields.removeAll { $0.name.isSameToken(as: name) } }
            guard let index = fields.firstIndex(where: { $0.name.isSameToken(as: name) }) else {
                return add(name, newValue)
            }
            fields[index].value = newValue
            let rest = fields.index(after: index)
            let kept = fields[rest...].filter { !$0.name.isSameToken(as: name) }
            fields.replaceSubrange(rest..., with: kept)
        }
    }

    /// Every value of that name, in the order of the message.
    package func all(_ name: String) -> [String] {
        fields.filter { $0.name.isSameToken(as: name) }.map(\.value)
    }

    /// Adds a field behind the others, whether or not there is one of that name.
    package mutating func add(_ name: String, _ value: String) {
        fields.append(Field(name: name, value: value))
    }

    /// Adds a folded line to the last field, behind one space (RFC 2326 §4.2); without a field it is dropped.
    package mutating func continueLast(with value: String) {
        guard let last = fields.indices.last, !value.isEmpty else { return }
        if !fields[last].value.isEmpty { fields[last].value += " " }
        fields[last].value += value
    }
}

extension RTSPHeaders: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { add(name, value) }
    }
}
