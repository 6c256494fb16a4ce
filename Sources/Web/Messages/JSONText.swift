/// Writes JSON (RFC 8259), object by object.
struct JSONText: Sendable {
    private(set) var text = ""
    private var needsComma = false

    /// An object; its members are written by `body`.
    mutating func object(_ name: String? = nil, _ body: (inout JSONText) -> Void) {
        begin(name, "{")
        body(&self)
        end("}")
    }

    /// A list; its elements are written by `body`.
    mutating func list(_ name: String? = nil, _ body: (inout JSONText) -> Void) {
        begin(name, "[")
        body(&self)
        end("]")
    }

    /// A string; nothing where there is none.
    mutating func add(_ name: String? = nil, _ value: String?) {
        guard let value else { return }
        key(name)
        quote(value)
    }

    /// A number; nothing where there is none, or it is no number.
    mutating func add(_ name: String? = nil, _ value: Double?, decimals: Int) {
        guard let value, value.isFinite, abs(value) < 1e15 else { return }
        key(name)
        let scale = decimals == 0 ? 1.0 : decimals == 1 ? 10 : 100
        let rounded = (value * scale).rounded()
        text += decimals == 0 ? "\(Int64(rounded))" : "\(rounded / scale)"
    }

    mutating func add(_ name: String? = nil, _ value: Int?) {
        guard let value else { return }
        key(name)
        text += "\(value)"
    }

    private mutating func begin(_ name: String?, _ bracket: Character) {
        key(name)
        text.append(bracket)
        needsComma = false
    }

    private mutating func end(_ bracket: Character) {
        text.append(bracket)
        needsComma = true
    }

    private mutating func key(_ name: String?) {
        if needsComma { text.append(",") }
        needsComma = true
        guard let name else { return }
        quote(name)
        text.append(":")
    }

    private mutating func quote(_ value: String) {
        text.append("\"")
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"", "\\":
                text.append("\\")
                text.unicodeScalars.append(scalar)
            case "\n": text += "\\n"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text.append("\"")
    }
}
