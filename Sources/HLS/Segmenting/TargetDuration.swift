import NIOCore

/// The target duration of a playlist, in whole seconds: it never changes, so it is chosen for what is to come.
enum TargetDuration {
    /// For segments that are cut at the first group of pictures after `segment`, less a tenth; groups are `group` long, as far as
    /// is known, and `first` is the first segment.
    static func of(segment: TimeAmount, group: TimeAmount, first: TimeAmount) -> Int {
        let least = max(segment.nanoseconds / 10 * 9, 1)
        let groups = group > .zero ? (least + group.nanoseconds - 1) / group.nanoseconds : 0
        let usual = TimeAmount.nanoseconds(groups * group.nanoseconds)
        // Groups that come out a little longer than the last ones round to the same.
        return max(segment.secondsRoundedUp, usual.nearestSecond, first.nearestSecond, 1)
    }

    /// After a segment that was longer than could be told. Groups that grow once may grow again, and each time players begin anew.
    static func after(_ duration: TimeAmount) -> Int {
        max(duration.nearestSecond + duration.nearestSecond / 2, 1)
    }
}
