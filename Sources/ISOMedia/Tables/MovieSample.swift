/// One sample of a track: a picture, a piece of sound, what a hint track says of one.
package struct MovieSample: Sendable, Hashable {
    /// From 0, in the order they are decoded.
    package var index: Int
    /// Where it is in the file, in bytes.
    package var offset: Int64
    /// In bytes.
    package var size: Int
    /// In units of the track's timescale, as the tables tell it: edit lists not taken into account.
    package var decodeTime: Int64
    package var duration: Int64
    /// From decoding to being shown; of some writers below zero.
    package var compositionOffset: Int64
    /// Decoding can begin with it.
    package var isSync: Bool
    /// Which sample description it is of, from 1.
    package var descriptionIndex: Int

    /// When it is shown or heard, in units of the track's timescale.
    package var compositionTime: Int64 { decodeTime &+ compositionOffset }

    package init(
        index: Int, offset: Int64, size: Int, decodeTime: Int64, duration: Int64, compositionOffset: Int64 = 0,
        isSync: Bool = true, descriptionIndex: Int = 1
    ) {
        self.index = index
        self.offset = offset
        self.size = size
        self.decodeTime = decodeTime
        self.duration = duration
        self.compositionOffset = compositionOffset
        self.isSync = isSync
        self.descriptionIndex = descriptionIndex
    }
}

/// Samples that lie one behind the other in the file, of one chunk: what PCM is read by, whose samples are a byte or a few.
package struct SampleRun: Sendable, Hashable {
    /// Of the first one.
    package var index: Int
    package var count: Int
    /// Where the first one is in the file, in bytes.
    package var offset: Int64
    /// Of all of them.
    package var bytes: Int
    /// Of the first one, in units of the track's timescale.
    package var decodeTime: Int64
    /// Of all of them.
    package var duration: Int64
    package var descriptionIndex: Int
}
