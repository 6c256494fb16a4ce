/// The camera's own reckoning of digests (RFC 1321, FIPS 180-4), so that it judges ours instead of sharing it.
enum FakeDigest {
    static func hash(_ text: String, scheme: FakeChallenge.Scheme) -> String {
        let bytes = Array(text.utf8)
        let digest = scheme == .sha256 ? sha256(bytes) : md5(bytes)
        return digest.map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }.joined()
    }

    /// The `response` a client with this password has to send (RFC 2069, or RFC 2617 §3.2.2.1 where `qop` is there).
    static func response(
        _ fields: [String: String],
        scheme: FakeChallenge.Scheme,
        method: String,
        user: String,
        password: String
    ) -> String {
        let first = hash("\(user):\(fields["realm"] ?? ""):\(password)", scheme: scheme)
        let second = hash("\(method):\(fields["uri"] ?? "")", scheme: scheme)
        let nonce = fields["nonce"] ?? ""
        guard let qop = fields["qop"] else { return hash("\(first):\(nonce):\(second)", scheme: scheme) }
        let protection = "\(fields["nc"] ?? ""):\(fields["cnonce"] ?? ""):\(qop)"
        return hash("\(first):\(nonce):\(protection):\(second)", scheme: scheme)
    }

    /// `key=value, key="value"` behind the scheme.
    static func fields(of header: String) -> [String: String] {
        var fields: [String: String] = [:]
        var rest = Substring(header.drop { $0 != " " }.dropFirst())
        while let equals = rest.firstIndex(of: "=") {
            let key = rest[..<equals].filter { $0 != " " && $0 != "," }.lowercased()
            rest = rest[rest.index(after: equals)...]
            let isQuoted = rest.first == "\""
            if isQuoted { rest = rest.dropFirst() }
            let end = rest.firstIndex(of: isQuoted ? "\"" : ",") ?? rest.endIndex
            fields[key] = String(rest[..<end])
            rest = rest[end...].dropFirst()
        }
        return fields
    }

    private static func padded(_ bytes: [UInt8], length: (UInt64) -> [UInt8]) -> [UInt8] {
        var message = bytes + [0x80]
        while message.count % 64 != 56 { message.append(0) }
        return message + length(UInt64(bytes.count) * 8)
    }

    private static func md5(_ bytes: [UInt8]) -> [UInt8] {
        let shifts: [UInt32] = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21]
        var state: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476]
        let message = padded(bytes) { length in (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) } }
        for block in stride(from: 0, to: message.count, by: 64) {
            let words = (0..<16).map { word in
                (0..<4).reduce(UInt32(0)) { $0 | UInt32(message[block + word * 4 + $1]) << UInt32(8 * $1) }
            }
            var (a, b, c, d) = (state[0], state[1], state[2], state[3])
            for round in 0..<64 {
                let mixed: UInt32
                let word: Int
                switch round / 16 {
                case 0: (mixed, word) = (b & c | ~b & d, round)
                case 1: (mixed, word) = (d & b | ~d & c, (5 * round + 1) % 16)
                case 2: (mixed, word) = (b ^ c ^ d, (3 * round + 5) % 16)
                default: (mixed, word) = (c ^ (b | ~d), 7 * round % 16)
                }
                let sum = a &+ mixed &+ md5Constants[round] &+ words[word]
                let shift = shifts[round / 16 * 4 + round % 4]
                (a, d, c, b) = (d, c, b, b &+ (sum << shift | sum >> (32 - shift)))
            }
            state = zip(state, [a, b, c, d]).map { $0 &+ $1 }
        }
        return state.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * UInt32($0))) } }
    }

    /// floor(2^32 · |sin(i + 1)|), by the Taylor series: the tests have no mathematics library at hand.
    private static let md5Constants: [UInt32] = (1...64).map { index in
        var angle = Double(index)
        while angle > 3.141592653589793 { angle -= 6.283185307179586 }
        var (term, sum) = (angle, angle)
        for step in 1...25 {
            term *= -angle * angle / Double((2 * step) * (2 * step + 1))
            sum += term
        }
        return UInt32(abs(sum) * 4_294_967_296)
    }

    private static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        var state = primes(8).map { fraction(of: Double($0).squareRoot()) }
        let constants = primes(64).map { fraction(of: cubeRoot(Double($0))) }
        let message = padded(bytes) { length in
            (0..<8).map { UInt8(truncatingIfNeeded: length >> (56 - 8 * UInt64($0))) }
        }
        func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 { word >> count | word << (32 - count) }
        for block in stride(from: 0, to: message.count, by: 64) {
            var words = (0..<16).map { word in
                (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(message[block + word * 4 + $1]) }
            }
            for index in 16..<64 {
                let (early, late) = (words[index - 15], words[index - 2])
                let small = rotated(early, 7) ^ rotated(early, 18) ^ early >> 3
                let large = rotated(late, 17) ^ rotated(late, 19) ^ late >> 10
                words.append(words[index - 16] &+ small &+ words[index - 7] &+ large)
            }
            var v = state
            for index in 0..<64 {
                let e = rotated(v[4], 6) ^ rotated(v[4], 11) ^ rotated(v[4], 25)
                let choice = v[4] & v[5] ^ ~v[4] & v[6]
                let first = v[7] &+ e &+ choice &+ constants[index] &+ words[index]
                let a = rotated(v[0], 2) ^ rotated(v[0], 13) ^ rotated(v[0], 22)
                let majority = v[0] & v[1] ^ v[0] & v[2] ^ v[1] & v[2]
                v = [first &+ a &+ majority, v[0], v[1], v[2], v[3] &+ first, v[4], v[5], v[6]]
            }
            state = zip(state, v).map { $0 &+ $1 }
        }
        return state.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * UInt32($0))) } }
    }

    private static func primes(_ count: Int) -> [Int] {
        var found: [Int] = []
        var candidate = 2
        while found.count < count {
            if !found.contains(where: { candidate % $0 == 0 }) { found.append(candidate) }
            candidate += 1
        }
        return found
    }

    private static func cubeRoot(_ value: Double) -> Double {
        (0..<60).reduce(value) { guess, _ in guess - (guess * guess * guess - value) / (3 * guess * guess) }
    }

    private static func fraction(of value: Double) -> UInt32 {
        UInt32((value - value.rounded(.down)) * 4_294_967_296)
    }
}
