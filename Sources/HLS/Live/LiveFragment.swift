import Media
import NIOCore

/// What comes before fragments: `ftyp` and `moov`, and what they are.
package struct LiveOpening: Sendable, Hashable {
    /// With the codecs, as `MediaSource.isTypeSupported` takes it.
    package let mediaType: String
    /// `nil` where there is sound alone.
    package let pictures: Codec?
    package let dimensions: PictureDimensions?
    package let initialization: ByteBuffer

    package init(
        mediaType: String, pictures: Codec?, dimensions: PictureDimensions?, initialization: ByteBuffer
    ) {
        self.mediaType = mediaType
        self.pictures = pictures
        self.dimensions = dimensions
        self.initialization = initialization
    }
}

/// One picture and the sound that came with it, as `moof` and `mdat`; shared by all who get it.
package struct LiveFragment: Sendable, Hashable {
    package let bytes: ByteBuffer
    /// A viewer can begin here.
    package let startsGroup: Bool

    package init(bytes: ByteBuffer, startsGroup: Bool) {
        self.bytes = bytes
        self.startsGroup = startsGroup
    }
}

/// What happens to a stream that is watched live.
package enum LiveEvent: Sendable, Hashable {
    /// What follows is of this type, and begins a group.
    case opened(LiveOpening)
    case fragment(LiveFragment)
    /// Nothing comes from the source, for that reason.
    case lost(String)
    /// It comes again.
    case returned
    case ended(LiveEnd)
}

/// Why there is nothing more.
package enum LiveEnd: Error, Sendable, Hashable {
    /// The server is stopping.
    case stopping
    /// There is no stream of that name any more.
    case gone
    /// The source did not come in time.
    case unavailable(String)
    /// Nothing of it can be shown.
    case unsupported(String)
}
