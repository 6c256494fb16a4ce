import NIOCore

/// Multicast addresses in a row.
///
///     239.64.0.0/24    239.64.0.1-239.64.0.20    239.64.0.9    ff15::/112
package struct MulticastRange: Sendable, Hashable {
    /// Why a text is no such range.
    package enum Flaw: Error, Hashable {
        case malformed
        /// Not all of them are multicast addresses.
        case notMulticast
        /// 224.0.0.0/24 belongs to routing protocols, and switches send it everywhere (RFC 5771 §4).
        case reserved
        /// The last lies before the first, or is of another family.
        case reversed
    }

    /// The number of addresses, at least 1; of very large ranges only the first 2³¹ count.
    package let count: Int
    /// Four bytes or sixteen.
    private let first: [UInt8]

    /// Throws `Flaw`.
    package init(parsing text: String) throws(Flaw) {
        if let slash = text.firstIndex(of: "/") {
            try self.init(network: String(text[..<slash]), prefix: text[text.index(after: slash)...])
        } else {
            let ends = text.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
            guard let first = ends.first.flatMap(Self.bytes), let last = ends.last.flatMap(Self.bytes), ends.count <= 2
            else { throw .malformed }
            try self.init(from: first, to: last)
        }
    }

    private init(network: String, prefix: Substring) throws(Flaw) {
        guard let first = Self.bytes(network), let length = Int(prefix), String(length) == prefix,
            (0...first.count * 8).contains(length)
        else { throw .malformed }
        var (low, high) = (first, first)
        for bit in length..<first.count * 8 {
            let mask = UInt8(0x80) >> UInt8(bit % 8)
            low[bit / 8] &= ~mask
            high[bit / 8] |= mask
        }
        try self.init(from: low, to: high)
    }

    private init(from first: [UInt8], to last: [UInt8]) throws(Flaw) {
        guard first.count == last.count, !last.lexicographicallyPrecedes(first) else { throw .reversed }
        guard Self.isMulticast(first), Self.isMulticast(last) else { throw .notMulticast }
        if first.starts(with: [224, 0, 0]), first.count == 4 { throw .reserved }
        self.first = first
        // Addresses are counted in the last four bytes: what lies beyond is left out.
        let head = first.count - 4
        let end = first[..<head] == last[..<head] ? Self.number(last) : .max
        count = Int(min(end - Self.number(first), UInt32(Int32.max) - 1)) + 1
    }

    /// The address with that index below `count`.
    package subscript(index: Int) -> SocketAddress? {
        guard index >= 0, index < count else { return nil }
        var bytes = first
        let number = Self.number(first) &+ UInt32(truncatingIfNeeded: index)
        for (place, shift) in zip(bytes.indices.suffix(4), [24, 16, 8, 0]) {
            bytes[place] = UInt8(truncatingIfNeeded: number >> UInt32(shift))
        }
        return try? SocketAddress(packedIPAddress: ByteBuffer(bytes: bytes), port: 0)
    }

    /// Whether it is one of them.
    package func contains(_ address: SocketAddress) -> Bool {
        guard let bytes = Self.bytes(of: address), bytes.count == first.count,
            bytes.dropLast(4) == first.dropLast(4), Self.number(bytes) >= Self.number(first)
        else { return false }
        return Self.number(bytes) - Self.number(first) < count
    }

    private static func bytes(_ text: String) -> [UInt8]? {
        (try? SocketAddress(ipAddress: text, port: 0)).flatMap(bytes(of:))
    }

    private static func bytes(of address: SocketAddress) -> [UInt8]? {
        switch address {
        case .v4(let address): withUnsafeBytes(of: address.address.sin_addr) { Array($0) }
        case .v6(let address): withUnsafeBytes(of: address.address.sin6_addr) { Array($0) }
        case .unixDomainSocket: nil
        }
    }

    private static func isMulticast(_ bytes: [UInt8]) -> Bool {
        bytes.count == 4 ? bytes[0] & 0xF0 == 0xE0 : bytes[0] == 0xFF
    }

    /// The last four bytes.
    private static func number(_ bytes: [UInt8]) -> UInt32 {
        bytes.suffix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }
}

extension MulticastRange: CustomStringConvertible {
    /// The first and the last address.
    package var description: String {
        let ends = [self[0], self[count - 1]].compactMap { $0?.ipAddress }
        return count == 1 ? ends[0] : ends.joined(separator: "-")
    }
}
