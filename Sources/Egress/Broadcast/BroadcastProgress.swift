/// How far a broadcast has come.
package struct BroadcastProgress: Sendable, Hashable {
    /// Times that the movie was begun.
    package var rounds = 0
    /// Where in the movie it is, in microseconds.
    package var position: Int64 = 0
    /// RTP and RTCP, framing of interleaved packets left out.
    package var packets: UInt64 = 0
    package var bytes: UInt64 = 0
    /// Datagrams that the kernel would not send.
    package var refused = 0
    /// Tracks that the server would not have, and why.
    package var skipped: [String] = []

    package init() {}
}
