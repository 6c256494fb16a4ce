/// Why a session description cannot be used. Nothing else than these is refused.
package enum SDPError: Error, Sendable, Hashable {
    /// More than ``SessionDescription/largestSize`` bytes.
    case tooLarge(bytes: Int)
    /// More than ``SessionDescription/mostMedia`` `m=` lines.
    case tooManyMedia
    /// No `m=` line with a payload type.
    case noMedia
}

extension SDPError: CustomStringConvertible {
    /// The sentence an operator reads.
    package var description: String {
        switch self {
        case .tooLarge(let bytes):
            "session description of \(bytes) bytes exceeds \(SessionDescription.largestSize); "
                + "check that the URL names a stream"
        case .tooManyMedia:
            "session description has more than \(SessionDescription.mostMedia) media; "
                + "ask the device for a single stream"
        case .noMedia:
            "session description has no media with a payload type; "
                + "check that the stream is enabled on the device and that the URL names it"
        }
    }
}
