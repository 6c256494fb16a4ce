import LibAV
import Media
import NIOCore
import Reflector

/// The units of a stream, from when it is asked for to `end()`.
package protocol UnitSource: Sendable {
    /// One consumer. Ends with the stream, or where it has other tracks and has to be asked for again.
    var events: AsyncStream<AccessUnitFeed.Event> { get }
    func end()
}

/// Makes bytes of units; one thread at a time.
package protocol SegmentMuxer: AnyObject {
    /// What goes in front of every segment, of fragments only.
    var initializationSection: ByteBuffer? { get }
    /// `track` of the unit is its index among the tracks that the muxer was made for; `duration` in ticks of its clock.
    func write(_ unit: AccessUnit, duration: Int64) throws
    /// The bytes of what was written since the last cut; empty where nothing was.
    func cut() throws -> ByteBuffer
}

/// Makes AAC of other sound; one thread at a time.
package protocol SoundTranscoder: AnyObject {
    /// What comes out.
    var track: MuxedTrack { get }
    /// Whole frames in the clock of `track`, none or several.
    func transcode(_ unit: AccessUnit) throws -> [AccessUnit]
}

/// Where units come from and what is made of them with: the stream and libav, or what a test has in their place.
package struct StreamWorks: Sendable {
    /// Asks for a stream, and waits until it is there; throws where it does not come.
    package var open: @Sendable () async throws -> any UnitSource
    package var muxer: @Sendable (SegmentForm, [MuxedTrack]) throws -> any SegmentMuxer
    package var transcoder: @Sendable (TrackFormat) throws -> any SoundTranscoder
    /// The name of a codec in playlists, as RFC 6381 has it; `nil` where none is known.
    package var codecName: @Sendable (MuxedTrack) -> String?

    package init(
        open: @escaping @Sendable () async throws -> any UnitSource,
        muxer: @escaping @Sendable (SegmentForm, [MuxedTrack]) throws -> any SegmentMuxer,
        transcoder: @escaping @Sendable (TrackFormat) throws -> any SoundTranscoder,
        codecName: @escaping @Sendable (MuxedTrack) -> String?
    ) {
        self.open = open
        self.muxer = muxer
        self.transcoder = transcoder
        self.codecName = codecName
    }
}
