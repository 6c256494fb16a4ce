import NIOCore

/// One payload ready to get its header; a packet received gives none, one or many of them.
package struct NormalizedPayload: Sendable {
    /// Without RTP header; a slice of the packet received where nothing had to be changed.
    package var payload: ByteBuffer
    package var marker: Bool
    package var traits: PayloadTraits

    package init(payload: ByteBuffer, marker: Bool, traits: PayloadTraits) {
        self.payload = payload
        self.marker = marker
        self.traits = traits
    }
}
