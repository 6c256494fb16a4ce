import NIOCore

/// When one source of a stream gives way to another.
package struct FailoverPolicy: Sendable, Hashable {
    /// The source on the air may be silent for so long, its leading track counts; one that sends less often is judged by its rhythm.
    package var stall = TimeAmount.seconds(2)
    /// The first source is tried alone for so long, before the second is tried too.
    package var headStart = TimeAmount.seconds(3)
    /// Each further one is tried alone for so long, when the one on the air is lost.
    package var trial = TimeAmount.seconds(1)
    /// A better source takes the air back when it has been well for so long; `nil` leaves it where it is.
    package var returnAfter: TimeAmount? = .seconds(30)

    /// The built-in times.
    package init() {}
}
