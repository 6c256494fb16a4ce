/// The `x-sessioncookie` that tells which GET and which POST are one tunnel; the client chooses it.
package struct TunnelCookie: Sendable, Hashable {
    /// QuickTime sends 22 characters; what is kept for each half has a bound.
    private static let longest = 256

    package let rawValue: String

    /// `nil` unless it is 1 to 256 bytes of visible ASCII.
    package init?(_ text: String) {
        let bytes = text.utf8
        guard !bytes.isEmpty, bytes.count <= Self.longest, bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            return nil
        }
        rawValue = text
    }

    /// 22 characters as QuickTime has them, that nobody guesses.
    package init(using generator: inout some RandomNumberGenerator) {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
        let bytes = (0..<22).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }
        rawValue = String(decoding: bytes, as: UTF8.self)
    }
}
