import Media
import NIOCore

/// One access unit, or one frame of sound, put together from packets; its time is still that of RTP.
package struct DepacketizedUnit: Sendable, Hashable {
    /// Of its packets.
    package var timestamp: UInt32
    /// How much later than `timestamp` it begins, in clock units: of several frames in one packet.
    package var later: Int64 = 0
    /// In clock units; `nil` where it is not known.
    package var duration: Int64?
    /// Decoding can begin here.
    package var isRandomAccess = true
    /// H.264: one of its slices is a B slice. Only streams with these show pictures in another order than they are decoded in.
    package var isBidirectional = false
    /// H.265: a leading picture, which is shown before the random access point that it follows (RASL, RADL).
    package var isLeading = false
    /// Units are missing before it.
    package var followsLoss = false
    /// All parameter sets, where they are others than those of the unit before.
    package var configuration: CodecConfiguration?
    /// As `AccessUnit.payload` has it.
    package var payload: ByteBuffer
}
