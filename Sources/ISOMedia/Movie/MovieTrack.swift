import NIOCore

/// A track of a movie: its kind, its samples and when they are shown.
package struct MovieTrack: Sendable {
    /// Its number in the movie.
    package let id: UInt32
    /// `vide`, `soun`, `hint`, `text`, …
    package let handler: FourCC
    /// What an author named it, else what a writer named the handler.
    package let name: String?
    package let isEnabled: Bool
    /// In seconds since 1970.
    package let created: Int64?
    package let modified: Int64?
    /// Three letters (ISO 639-2); `nil` where it is not told.
    package let language: String?
    /// Of a picture, as it is shown, in pixels; 0 where it is none.
    package let width: Double
    package let height: Double
    /// How its pictures are turned or mirrored when they are shown; `nil` where they are not.
    package let turn: PictureTurn?
    /// Units a second of the track's clock, more than 0.
    package let timescale: UInt32
    /// Of the media, in units of `timescale`.
    package let duration: Int64
    package internal(set) var edits: EditList
    /// The tracks it speaks of, in order, by kind: of a hint track `hint`, the media.
    package let references: [FourCC: [UInt32]]
    package let descriptions: [SampleDescription]
    package let samples: SampleTable
    /// Lines of SDP that a hinter wrote (`trak/udta/hnti/sdp `).
    package let sessionDescription: String?
    /// What a hinter counted: the boxes in `trak/udta/hinf`, as they stand.
    package let hintInformation: ByteBuffer?
    /// The samples are in this file, not in another one.
    package let isSelfContained: Bool

    /// When it ends, in microseconds of the movie's presentation.
    package var presentationEnd: Int64 {
        edits.end(ofMedia: max(duration, samples.end))
    }
}
