/// The id of a session (RFC 2326 §3.4): 16 letters and digits, 95 random bits; players stumble over anything else (quirk M5).
package struct SessionIdentifier: Sendable, Hashable {
    package let rawValue: String

    package init(using generator: inout some RandomNumberGenerator) {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        rawValue = String((0..<16).map { _ in alphabet[Int.random(in: alphabet.indices, using: &generator)] })
    }

    /// An id as a viewer wrote it.
    package init(asked text: String) {
        rawValue = text
    }
}
