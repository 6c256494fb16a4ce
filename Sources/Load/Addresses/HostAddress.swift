/// An IPv4 or IPv6 address without a port.
package enum HostAddress: Sendable, Hashable {
    /// In the order of reading: 127.0.0.1 is `0x7F00_0001`.
    case v4(UInt32)
    /// The upper and the lower half in the order of reading; `scope` is the interface of a link-local address.
    case v6(high: UInt64, low: UInt64, scope: UInt32)

    /// Whether packets to it stay on this machine or in a network of one's own: loopback, private (RFC 1918), link-local
    /// (RFC 3927, RFC 4291 §2.5.6) and unique-local (RFC 4193).
    package var isLocal: Bool {
        switch self {
        case .v4(let address):
            address >> 24 == 127 || address >> 24 == 10 || address >> 20 == 0xAC1 || address >> 16 == 0xC0A8
                || address >> 16 == 0xA9FE
        case .v6(high: 0, low: 1, _): true
        // An IPv4 address in the clothes of IPv6 (RFC 4291 §2.5.5.2).
        case .v6(high: 0, let low, _) where low >> 32 == 0xFFFF: HostAddress.v4(UInt32(truncatingIfNeeded: low)).isLocal
        case .v6(let high, _, _): high >> 54 == 0xFE80 >> 6 || high >> 57 == 0xFC >> 1
        }
    }
}

extension HostAddress: CustomStringConvertible {
    /// As it is written: dotted, or eight groups of hexadecimal digits.
    package var description: String {
        switch self {
        case .v4(let address):
            [24, 16, 8, 0].map { String(address >> $0 & 0xFF) }.joined(separator: ".")
        case .v6(let high, let low, _):
            [high, low].flatMap { half in
                [48, 32, 16, 0].map { String(half >> $0 & 0xFFFF, radix: 16) }
            }
            .joined(separator: ":")
        }
    }
}
