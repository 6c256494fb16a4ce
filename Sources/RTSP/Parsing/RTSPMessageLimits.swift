/// How much of a peer's text is kept before the connection is given up; every figure counts bytes except `headers`.
package struct RTSPMessageLimits: Sendable, Hashable {
    /// The longest request, status or header line, without its line end.
    package var line = 8192
    /// The most header lines of one message, continuation lines counted.
    package var headers = 100
    /// The longest head of a message: first line, header lines and line ends together.
    package var headerBytes = 32_768
    /// The longest body of a message; interleaved frames are bounded by their 16-bit length alone.
    package var body = 131_072
    /// The longest request URI.
    package var uri = 4096
    /// How many bytes that are no message may be skipped in a row; 0 = the first one ends the connection.
    package var garbage = 4096

    /// What a server grants its clients: a request that is none is answered, nothing is skipped.
    package static let server: RTSPMessageLimits = {
        var limits = RTSPMessageLimits()
        limits.garbage = 0
        return limits
    }()

    /// What a client grants a camera: long heads (quirk A10) and some garbage (A15, G1).
    package static let client: RTSPMessageLimits = {
        var limits = RTSPMessageLimits()
        limits.headers = 255
        return limits
    }()
}
