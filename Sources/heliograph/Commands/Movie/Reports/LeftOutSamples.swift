import ISOMedia

/// What could not be carried of a track that is made into packets here, as a person is told.
struct LeftOutSamples: CustomStringConvertible {
    var count: Int

    init(count: Int) {
        self.count = count
    }

    /// Of what `packets` have been asked for so far; `nil` where all was carried.
    init?(of packets: any TrackPackets) {
        count = packets.leftOut
        if count == 0 { return nil }
    }

    var description: String {
        "\(count) samples are left out, or a part of each: they are damaged, or RTP cannot carry them"
    }
}
