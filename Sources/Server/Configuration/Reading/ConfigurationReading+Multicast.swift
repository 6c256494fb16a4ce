import Egress
import RTSPTransport

/// Reading of `listen.multicast:`.
extension ConfigurationReading {
    /// `nil` without addresses, or with wrong ones, which is reported.
    func multicast(_ section: ConfigurationSection) -> MulticastConfiguration? {
        let addresses = section.value("addresses") { text throws(Expectation) in
            do throws(MulticastRange.Flaw) {
                return try MulticastRange(parsing: text)
            } catch {
                throw Expectation(error)
            }
        }
        if section.field("addresses") == nil {
            let missing = Expectation(.malformed)
            section.reportMissing("addresses", expected: missing.expected, hint: missing.hint)
        }
        let ports = section.value("ports") { text throws(Expectation) in
            try ConfigurationValue.multicastPorts(text)
        }
        let sending = multicastSending(section)
        section.end()
        return addresses.map {
            MulticastConfiguration(addresses: $0, ports: ports ?? MulticastPorts(), sending: sending)
        }
    }

    /// `ttl:` and `interface:`, wherever something is sent to groups.
    func multicastSending(_ section: ConfigurationSection) -> MulticastSending {
        var sending = MulticastSending()
        let ttl = section.value("ttl") { text throws(Expectation) in
            try ConfigurationValue.count(text, in: 0...255)
        }
        if let ttl { sending.ttl = UInt8(ttl) }
        sending.interface = section.text("interface")?.text
        return sending
    }
}

extension ConfigurationValue {
    /// `8002-8033`: an even port and an odd one above it.
    static func multicastPorts(_ text: String) throws(Expectation) -> MulticastPorts {
        let ports = text.split(separator: "-", omittingEmptySubsequences: false).map { String($0).port }
        guard ports.count == 2, let first = ports[0], let last = ports[1],
            let range = MulticastPorts(first: first, last: last)
        else {
            throw Expectation(
                "an even port and an odd one above it, such as 8002-8033", hint: "every track needs two: RTP and RTCP")
        }
        return range
    }
}

extension Expectation {
    fileprivate init(_ flaw: MulticastRange.Flaw) {
        let range = "239.64.0.0/24, 239.64.0.1-239.64.0.20, or one address"
        let hint = "239.0.0.0/8 is for everyone's own use"
        switch flaw {
        case .malformed: self.init("multicast addresses such as \(range)", hint: hint)
        case .notMulticast:
            self.init("multicast addresses only: 224.0.1.0 to 239.255.255.255, or ff00::/8", hint: hint)
        case .reserved: self.init("addresses that routing protocols do not use, as they do 224.0.0.0/24", hint: hint)
        case .reversed: self.init("the first address, then one behind it", hint: "write \(range)")
        }
    }
}
