import Media
import NIOCore

/// How a track of a movie is sent, and how that is described: made once for a file, shared by all who watch it.
package struct MediaTrackFormat: Sendable {
    /// As viewers are told of it; without `a=control`.
    package let description: TrackDescription
    /// By sample description, from 0; `nil` for one whose samples are left out, for the track changes its codec there.
    let forms: [SampleForm?]

    /// What a packet may carry, in bytes, without RTP header.
    package static let maximumPayloadSize = 1440

    /// Reads the sample descriptions, and the first sample where they do not say enough.
    ///
    /// Throws `.nothingToPlay` with the reason for a track that cannot be carried, others where the file cannot be read.
    package init(_ track: MovieTrack, in bytes: any RandomAccessBytes) throws(MovieError) {
        guard track.isSelfContained else { throw .nothingToPlay("its samples are in another file") }
        guard let first = track.samples.sample(at: 0) else { throw .nothingToPlay("it has no samples") }
        let place = first.descriptionIndex - 1
        guard track.descriptions.indices.contains(place) else { throw .nothingToPlay("nothing describes its samples") }
        let leading = try SampleFormat(track.descriptions[place], timescale: track.timescale)
        forms = track.descriptions.enumerated().map { index, description in
            if index == place { return leading.form }
            let other = try? SampleFormat(description, timescale: track.timescale)
            return other?.isCompatible(with: leading) == true ? other?.form : nil
        }
        description = try leading.completed(with: track, in: bytes)
    }

    package var payloadType: UInt8 { description.primary.payloadType }

    /// Of RTP, in Hz.
    package var clockRate: Int { description.primary.clockRate ?? 90_000 }

    /// The lines of its session description: `m=` with port 0, no `a=control`.
    package var mediaDescription: String { description.mediaDescription }

    /// How a sample of a description becomes packets; `index` is from 1.
    func form(ofDescription index: Int) -> SampleForm? {
        forms.indices.contains(index - 1) ? forms[index - 1] : nil
    }
}
