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
        get { fields.first { $0.name.isSameHeaderName(as: name) }?.value }
        set {
            guard let newValue else { return fields.removeAll { $0.name.isSameHeaderName(as: name) } }
            guard let index = fields.firstIndex(where: { $0.name.isSameHeaderName(as: name) }) else {
                return add(name, newValue)
            }
            fields[index].value = newValue
            let rest = fields.index(after: index)
            let kept = fields[rest...].filter { !$0.name.isSameHeaderName(as: name) }
            fields.replaceSubrange(rest..., with: kept)
        }
    }

    /// Every value of that name, in the order of the message.
    package func all(_ name: String) -> [String] {
        fields.filter { $0.name.isSameHeaderName(as: name) }.map(\.value)
    }

    /// Adds a field behind the others, whether or not there is one of that name.
    package mutating func add(_ name: String, _ value: String) {
        fields.append(Field(name: name, value: value))
    }
}

extension RTSPHeaders: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { add(name, value) }
    }
}

extension String {
    fileprivate func isSameHeaderName(as other: String) -> Bool {
        utf8.count == other.utf8.count
            && zip(utf8, other.utf8).allSatisfy { $0 == $1 || ($0 ^ $1 == 0x20 && ($0 | 0x20) >= 0x61 && ($0 | 0x20) <= 0x7A) }
    }
}
