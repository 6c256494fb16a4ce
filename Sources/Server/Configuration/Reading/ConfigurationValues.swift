import NIOCore

/// The texts a value may be. YAML's own types are not used: there `off` is a boolean, `1:30` is 90 and `012` is 10.
enum ConfigurationValue {
    /// `true` or `false`.
    static func boolean(_ text: String) throws(Expectation) -> Bool {
        switch text {
        case "true": return true
        case "false": return false
        default:
            let meant = ["yes": "true", "on": "true", "1": "true", "no": "false", "off": "false", "0": "false"]
            let lowercased = text.lowercased()
            let word = ["true", "false"].contains(lowercased) ? lowercased : meant[lowercased]
            throw Expectation("true or false", hint: word.map { "write \($0)" })
        }
    }

    /// A decimal number without sign or leading zero.
    static func count(_ text: String, in range: ClosedRange<Int>) throws(Expectation) -> Int {
        let expected = "a number from \(range.lowerBound) to \(range.upperBound)"
        guard let digits = text.digits, let number = Int(digits) else { throw Expectation(expected) }
        guard digits == String(number) else {
            throw Expectation(expected, hint: "write \(number), without leading zeros")
        }
        guard range.contains(number) else { throw Expectation(expected) }
        return number
    }

    /// One of the words of an enumeration.
    static func word<Word>(_ text: String, of type: Word.Type) throws(Expectation) -> Word
    where Word: RawRepresentable & CaseIterable, Word.RawValue == String {
        if let word = Word(rawValue: text) { return word }
        let words = Word.allCases.map(\.rawValue)
        throw Expectation(
            "one of \(words.joined(separator: ", "))",
            hint: Spelling.hint(for: text, among: words)
        )
    }

    /// A number and a unit: `500ms`, `10s`, `2m`, `1h`, `1d`.
    static func duration(_ text: String, in range: ClosedRange<TimeAmount>) throws(Expectation) -> TimeAmount {
        let expected = "a duration from \(range.lowerBound.written) to \(range.upperBound.written)"
        let units: [String: Int64] = [
            "ms": 1_000_000, "s": 1_000_000_000, "m": 60_000_000_000, "h": 3_600_000_000_000, "d": 86_400_000_000_000,
        ]
        guard let (digits, unit) = text.numberAndUnit, let number = Int64(digits) else {
            throw Expectation(expected, hint: "write a number with ms, s, m, h or d, such as 10s")
        }
        guard let nanoseconds = units[unit] else {
            let hint = unit.isEmpty ? "write \(number)s for seconds" : "the units are ms, s, m, h and d"
            throw Expectation(expected, hint: hint)
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: nanoseconds)
        guard !overflow, range.contains(.nanoseconds(product)) else { throw Expectation(expected) }
        return .nanoseconds(product)
    }

    /// A number and a unit of bytes: decimal `64KB 16MB 800GB 2TB`, binary `64KiB 16MiB`, or `512B`.
    static func size(_ text: String, in range: ClosedRange<Int64>) throws(Expectation) -> Int64 {
        let expected = "a size from \(range.lowerBound)B to \(range.upperBound)B"
        let units: [String: Int64] = [
            "B": 1, "KB": 1000, "MB": 1_000_000, "GB": 1_000_000_000, "TB": 1_000_000_000_000,
            "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
        ]
        guard let (digits, unit) = text.numberAndUnit, let number = Int64(digits), let bytes = units[unit] else {
            throw Expectation(
                expected, hint: "write a number with B, KB, MB, GB, TB or KiB, MiB, GiB, TiB, such as 16MB")
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: bytes)
        guard !overflow, range.contains(product) else { throw Expectation(expected) }
        return product
    }

    /// A number and a unit of bits a second: `800kbit`, `2Mbit`.
    static func bitRate(_ text: String, in range: ClosedRange<Int>) throws(Expectation) -> Int {
        let expected = "a bit rate from \(range.lowerBound / 1000)kbit to \(range.upperBound / 1000)kbit"
        let units = ["kbit": 1000, "Mbit": 1_000_000]
        guard let (digits, unit) = text.numberAndUnit, let number = Int(digits), let bits = units[unit] else {
            throw Expectation(expected, hint: "write a number with kbit or Mbit, such as 2Mbit")
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: bits)
        guard !overflow, range.contains(product) else { throw Expectation(expected) }
        return product
    }
}

// MARK: Addresses and ports

extension ConfigurationValue {
    /// `:8554`, `8554`, `127.0.0.1:8554`, `relay.example:8554` or `[::1]:8554`.
    static func listenAddress(_ text: String) throws(Expectation) -> ListenAddress {
        let expectation = Expectation("an address such as \":8554\", \"127.0.0.1:8554\" or \"[::1]:8554\"")
        guard let colon = text.lastIndex(of: ":") else {
            guard let port = text.port else { throw expectation }
            return ListenAddress(port: port)
        }
        guard let port = String(text[text.index(after: colon)...]).port else { throw expectation }
        let host = text[..<colon]
        if host.isEmpty { return ListenAddress(port: port) }
        if host.hasPrefix("["), host.hasSuffix("]") {
            let address = host.dropFirst().dropLast()
            guard (try? SocketAddress(ipAddress: String(address), port: 0)) != nil, address.contains(":") else {
                throw expectation
            }
            return ListenAddress(host: String(address), port: port)
        }
        guard !host.contains(":") else {
            throw Expectation(expectation.expected, hint: "put an IPv6 address in brackets")
        }
        guard host.isHostName else { throw expectation }
        return ListenAddress(host: String(host), port: port)
    }

    /// A place to listen on, or that there is none.
    struct OptionalAddress {
        var address: ListenAddress?
    }

    /// `off`, or as `listenAddress` takes it.
    static func listenAddressOrOff(_ text: String) throws(Expectation) -> OptionalAddress {
        if text == "off" { return OptionalAddress(address: nil) }
        do throws(Expectation) {
            return OptionalAddress(address: try listenAddress(text))
        } catch {
            throw Expectation("\(error.expected), or off", hint: error.hint)
        }
    }

    /// `8000-8001`: even, and the next above.
    static func portPair(_ text: String) throws(Expectation) -> RTPPortPair {
        let expectation = Expectation("an even port and the next above it, such as 8000-8001")
        let ports = text.split(separator: "-", omittingEmptySubsequences: false).map { String($0).port }
        guard ports.count == 2, let rtp = ports[0], let rtcp = ports[1], let pair = RTPPortPair(rtp: rtp),
            pair.rtcp == rtcp
        else { throw expectation }
        return pair
    }
}

extension TimeAmount {
    /// The largest unit that loses nothing: `90s`, `2m`.
    var written: String {
        let units: [(Int64, String)] = [
            (86_400_000_000_000, "d"), (3_600_000_000_000, "h"), (60_000_000_000, "m"), (1_000_000_000, "s"),
            (1_000_000, "ms"),
        ]
        guard nanoseconds != 0 else { return "0s" }
        guard let (size, unit) = units.first(where: { nanoseconds.isMultiple(of: $0.0) }) else {
            return "\(nanoseconds)ns"
        }
        return "\(nanoseconds / size)\(unit)"
    }
}

extension String {
    /// The text itself if it is ASCII digits and nothing else.
    var digits: String? {
        !isEmpty && allSatisfy(\.isASCIIDigit) ? self : nil
    }

    /// A port from 0 to 65535 without leading zeros.
    var port: UInt16? {
        guard let digits, let port = UInt16(digits), String(port) == digits else { return nil }
        return port
    }

    fileprivate var numberAndUnit: (digits: String, unit: String)? {
        let number = prefix(while: \.isASCIIDigit)
        guard !number.isEmpty else { return nil }
        return (String(number), String(dropFirst(number.count)))
    }
}

extension StringProtocol {
    /// Whether this can be a name or an IPv4 address in a URL.
    var isHostName: Bool {
        !isEmpty && allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || $0 == "." || $0 == "-" || $0 == "_" }
    }
}
