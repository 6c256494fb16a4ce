import Media

/// What a muxer must know of a track before its first unit.
package struct SegmentTrack: Sendable, Hashable {
    package var codec: Codec
    package var configuration: CodecConfiguration
    /// Hz.
    package var clockRate: Int
    package var channels: Int?
    /// Of video, in pixels.
    package var dimensions: PictureDimensions?

    package init(
        codec: Codec, configuration: CodecConfiguration, clockRate: Int, channels: Int? = nil,
        dimensions: PictureDimensions? = nil
    ) {
        self.codec = codec
        self.configuration = configuration
        self.clockRate = clockRate
        self.channels = channels
        self.dimensions = dimensions
    }
}
