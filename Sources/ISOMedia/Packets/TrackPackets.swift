import NIOCore

/// One track of a movie as RTP packets, sample by sample: out of a hint track, or made here out of the media itself.
///
/// Times are microseconds of the movie's presentation, edit lists taken into account: 0 is where the movie begins. Samples are
/// counted from 0 in the order they are stored. A reader for one viewer; copies go on from the same place.
package protocol TrackPackets: Sendable {
    /// Samples there are.
    var sampleCount: Int { get }

    /// When a sample's packets are to be sent: its decoding time. Never goes back from one sample to the next.
    func dueTime(ofSample index: Int) -> Int64

    /// When a sample is shown or heard.
    func presentationTime(ofSample index: Int) -> Int64

    /// The same in units of the RTP clock: what its RTP timestamp is made of.
    func rtpTime(at presentationTime: Int64) -> Int64

    /// Whether decoding can begin with a sample (of a hint track: with the media sample behind it).
    func isSync(_ index: Int) -> Bool

    /// The last sample that decoding can begin with, to show what is shown at `time`; the first one where there is none before.
    func syncSample(for time: Int64) -> Int

    /// The next sample after `index` that decoding can begin with, or before it; `nil` where there is none.
    func syncSample(after index: Int) -> Int?
    func syncSample(before index: Int) -> Int?

    /// Writes the packets of a sample: none, one or many. What cannot be made into a packet is left out.
    ///
    /// Throws where the file cannot be read or contradicts itself; packets written before stay in the batch. Blocks.
    mutating func write(sample index: Int, to batch: inout PacketBatch) throws(MovieError)

    /// What could not be carried so far, or not as a whole, as often as it was asked for: samples of what is packetised here, packets of
    /// a hint track.
    var leftOut: Int { get }

    /// Forgets what was read ahead: who waits needs no memory.
    mutating func release()
}
