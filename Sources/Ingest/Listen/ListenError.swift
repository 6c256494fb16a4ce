import Media
import RTSPTransport
import Reflector

/// Why a source that sends by itself is not listened to, or brings nothing.
package enum ListenError: Error, Sendable, Hashable {
    /// The file of the description cannot be read.
    case unreadable(reason: String)
    case description(SDPError)
    /// An `m=` line without a port from 1 to 65535.
    case noPort(String)
    /// Two media on one port cannot be told apart, unless each has a group of its own.
    case portTwice(UInt16)
    case noAddress(String)
    /// More tracks than a stream can carry.
    case tooManyTracks(Int)
    /// No track that can be passed on.
    case noTracks
    case listening(ListeningError)
    /// RTP without a description, of a payload type that stands for no codec by itself.
    case needsDescription(payloadType: UInt8)
    /// The transport stream has nothing that can be passed on.
    case noProgram(leftOut: [String])
    /// The transport stream cannot be read on.
    case unusable(String)
    /// Sound begins anew with another sampling rate or other channels, or a track with another codec.
    case changed
    /// It fell silent, or said BYE.
    case lost(StallWatch.Verdict)
    case stream(StreamError)
}

extension ListenError: CustomStringConvertible {
    /// The cause and what to look at.
    package var description: String {
        switch self {
        case .unreadable(let reason): "the description cannot be read: \(reason)"
        case .description(let error): error.description
        case .noPort(let kind): "the m=\(kind) line has no port from 1 to 65535; write the one that is sent to"
        case .portTwice(let port): "port \(port) stands in two m= lines; give each its own, or a group of its own"
        case .noAddress(let text): "\(text) is no address; write one such as 239.1.2.3 or 10.0.0.1"
        case .tooManyTracks(let count): "\(count) media; \(StreamTrack.limit) can be carried, take some out"
        case .noTracks: "no media that can be passed on"
        case .listening(let error): error.description
        case .needsDescription(let payloadType):
            "payload type \(payloadType) tells no codec by itself; write its description into a file, and sdp: FILE"
        case .noProgram(let leftOut):
            "no H.264, H.265 or AAC in the transport stream"
                + (leftOut.isEmpty ? "; check what is sent" : ", only \(leftOut.joined(separator: ", "))")
        case .unusable(let reason): reason
        case .changed: "a track of the transport stream began anew in another form"
        case .lost(let verdict): PullError(verdict).description
        case .stream(let error): error.description
        }
    }
}
