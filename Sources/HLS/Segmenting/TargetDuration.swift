import NIOCore

/// The target duration of a playlist, in whole seconds: it never changes, so it is chosen for what is to come.
package enum TargetDuration {
    /// Groups that are longer do not fit into a segment: players are three segments behind, and who begins waits for as many.
    package static let longest = TimeAmount.seconds(12)

    /// For segments that are cut at the first group of pictures after `segment`, less a tenth; groups are `group` long, as far as
    /// is known, and `first` is the longest segment so far.
    static func of(segment: TimeAmount, group: TimeAmount, first: TimeAmount) -> Int {
        let least = max(segment.nanoseconds / 10 * 9, 1)
        let groups = group > .zero ? (least + group.nanoseconds - 1) / group.nanoseconds : 0
        let usual = TimeAmount.nanoseconds(groups * group.nanoseconds)
        // Groups that come out a little longer than the last ones round to the same.
        return max(segment.secondsRoundedUp, min(usual, longest).nearestSecond, first.nearestSecond, 1)
    }
}
