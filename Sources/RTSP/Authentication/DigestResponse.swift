import Crypto

/// A hash of RFC 7616 §3.3, with or without the session form.
package struct DigestAlgorithm: Sendable, Hashable {
    /// The hash functions that cameras offer.
    package enum Hash: Sendable, Hashable {
        case md5
        case sha256
    }

    /// The function all steps use.
    package var hash: Hash
    /// The `-sess` form: nonce and cnonce go into the first hash (RFC 7616 §3.4.2).
    package var isSession: Bool

    /// What a challenge without `algorithm` means.
    package static let md5 = DigestAlgorithm(hash: .md5, isSession: false)
    /// The strongest that cameras offer (quirk B2).
    package static let sha256 = DigestAlgorithm(hash: .sha256, isSession: false)

    package init(hash: Hash, isSession: Bool) {
        self.hash = hash
        self.isSession = isSession
    }

    /// `nil` for an unknown name; case does not count.
    package init?(name: String) {
        switch name.uppercased() {
        case "MD5": self = .md5
        case "MD5-SESS": self.init(hash: .md5, isSession: true)
        case "SHA-256": self = .sha256
        case "SHA-256-SESS": self.init(hash: .sha256, isSession: true)
        default: return nil
        }
    }

    /// The hash of the UTF-8 bytes, as lower-case hexadecimal digits.
    package func hexDigest(of text: String) -> String {
        switch hash {
        case .md5: Insecure.MD5.hexDigest(of: text)
        case .sha256: SHA256.hexDigest(of: text)
        }
    }
}

/// The arithmetic of digest authentication (RFC 7616 §3.4.1; RFC 2069 §2.1.2 where the challenge has no qop).
package struct DigestResponse: Sendable {
    /// The algorithm of the challenge.
    package var algorithm: DigestAlgorithm
    /// The realm of the challenge, without quotes and escapes.
    package var realm: String
    /// The nonce of the challenge.
    package var nonce: String
    /// The client's nonce; needed for qop and for session algorithms.
    package var cnonce: String?
    /// Eight hexadecimal digits as written, for qop=auth; `nil` = the form of RFC 2069.
    package var nonceCount: String?

    package init(
        algorithm: DigestAlgorithm,
        realm: String,
        nonce: String,
        cnonce: String? = nil,
        nonceCount: String? = nil
    ) {
        self.algorithm = algorithm
        self.realm = realm
        self.nonce = nonce
        self.cnonce = cnonce
        self.nonceCount = nonceCount
    }

    /// The value of `response`; the URI goes in byte for byte as it stands in the request line (quirk B7).
    package func value(credentials: Credentials, method: RTSPMethod, uri: String) -> String {
        var secret = algorithm.hexDigest(of: "\(credentials.username):\(realm):\(credentials.password)")
        if algorithm.isSession { secret = algorithm.hexDigest(of: "\(secret):\(nonce):\(cnonce ?? "")") }
        let request = algorithm.hexDigest(of: "\(method.rawValue):\(uri)")
        guard let nonceCount else { return algorithm.hexDigest(of: "\(secret):\(nonce):\(request)") }
        return algorithm.hexDigest(of: "\(secret):\(nonce):\(nonceCount):\(cnonce ?? ""):auth:\(request)")
    }
}

extension HashFunction {
    fileprivate static func hexDigest(of text: String) -> String {
        var text = text
        var function = Self()
        text.withUTF8 { function.update(bufferPointer: UnsafeRawBufferPointer($0)) }
        let digits = Array("0123456789abcdef".utf8)
        var hex: [UInt8] = []
        for byte in function.finalize() {
            hex.append(digits[Int(byte >> 4)])
            hex.append(digits[Int(byte & 15)])
        }
        return String(decoding: hex, as: UTF8.self)
    }
}
