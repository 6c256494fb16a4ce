import NIOCore

/// One access unit (a coded picture) or one frame of sound, whole, as a muxer or decoder takes it.
package struct AccessUnit: Sendable, Hashable {
    /// The index of its track in the stream (`StreamTrack.index`).
    package var track: Int
    /// In units of the track's clock (`StreamTrack.clockRate`), counted on without wrapping; 0 of every track is the same
    /// moment, so tracks are in step.
    package var decodeTime: Int64
    /// In the same units; not before `decodeTime`.
    package var presentationTime: Int64
    /// Until the next one of the track, in units of its clock; `nil` where it is not known (video: the muxing side finds it
    /// from the next unit).
    package var duration: Int64?
    /// When it was captured, nanoseconds since 1970, as good as is known.
    package var wallClock: Int64
    /// Decoding can begin here (IDR, or intra with recovery; every frame of sound and JPEG).
    package var isRandomAccess: Bool
    /// H.264, H.265: NAL units each behind a length of four bytes, without access unit delimiters; parameter sets in band stay
    /// in band. AAC: one raw frame, without ADTS. G.711, G.726, L16 (big endian), Opus: the payload. JPEG: the whole file.
    package var payload: ByteBuffer

    package init(
        track: Int, decodeTime: Int64, presentationTime: Int64, duration: Int64? = nil, wallClock: Int64,
        isRandomAccess: Bool, payload: ByteBuffer
    ) {
        self.track = track
        self.decodeTime = decodeTime
        self.presentationTime = presentationTime
        self.duration = duration
        self.wallClock = wallClock
        self.isRandomAccess = isRandomAccess
        self.payload = payload
    }
}
