/// The Session header (RFC 2326 §12.37): `851006239;timeout=20`.
package struct SessionHeader: Sendable, Hashable {
    /// Never empty; opaque.
    package var id: String
    /// Seconds, 1 to 86 400; `nil` if not told, which means 60.
    package var timeout: Int?

    package init(id: String, timeout: Int? = nil) {
        self.id = id
        self.timeout = timeout
    }

    /// `nil` without an id; spaces, fields nobody knows and a timeout that is none are passed over (quirks F1, F2).
    package static func parse(_ header: String) -> SessionHeader? {
        let parts = header[...].parts(separatedBy: UInt8(ascii: ";"))
        guard let id = parts.first, header[...].trimmed.utf8.first != UInt8(ascii: ";") else { return nil }
        var session = SessionHeader(id: String(id))
        for part in parts.dropFirst() {
            let (name, value) = part.nameAndValue
            guard name.isSameToken(as: "timeout"), session.timeout == nil, let value else { continue }
            let digits = value.unquoted.utf8.prefix { $0.isDigit }
            guard !digits.isEmpty else { continue }
            // A timeout of more than a day is as good as a day, and harmless to add to a clock.
            let seconds = min(Int(Substring(digits)) ?? .max, 86_400)
            if seconds > 0 { session.timeout = seconds }
        }
        return session
    }

    /// The value as it goes on the wire.
    package var serialized: String {
        timeout.map { "\(id);timeout=\($0)" } ?? id
    }
}
