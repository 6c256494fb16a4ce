import NIOCore

/// Puts the packets of one UDP track back in order, and takes duplicates out (quirks H4, H5).
///
/// A packet in its place passes straight through. Behind a gap packets wait until it fills, until the oldest
/// of them has waited `maximumDelay`, or until one comes `maximumPackets` behind it: then the gap is given up.
/// A new SSRC (H2), or a number far back together with a timestamp far away (H3), is a new source: it goes
/// on at once. Where a media carries several SSRCs (H7), each needs a buffer of its own.
package struct ReorderBuffer: Sendable {
    private struct Waiting: Sendable {
        var packet: RTPPacket
        var arrival: NIODeadline
    }

    /// What the buffer has seen since it was made.
    package struct Counters: Sendable, Hashable {
        /// Came twice.
        package var duplicates: UInt64 = 0
        /// Came after their gap was given up, or twice; not told apart.
        package var late: UInt64 = 0
        /// Numbers given up.
        package var missing: UInt64 = 0
        /// Begins of a new source.
        package var restarts: UInt64 = 0

        package init() {}
    }

    /// A jump of the timestamp that no late packet explains: 2.9 s at 90 kHz, 33 s at 8 kHz.
    private static let timestampJump = 1 << 18
    /// Packets in a row from behind before they are believed to be the stream.
    private static let oldPacketsBeforeRestart = 64

    package private(set) var counters = Counters()
    private let maximumPackets: Int
    private let maximumDelay: TimeAmount
    private var source: UInt32?
    private var next = SequenceNumber(0)
    private var lastTimestamp = RTPTimestamp(0)
    private var oldInARow = 0
    /// In order of their numbers, all of them behind `next`.
    private var waiting: [Waiting] = []

    package init(maximumPackets: Int = 64, maximumDelay: TimeAmount = .milliseconds(100)) {
        self.maximumPackets = max(1, min(maximumPackets, 4096))
        self.maximumDelay = maximumDelay
    }

    /// Takes one packet and delivers what is in order now: nothing, it alone, or it and others.
    package mutating func receive(
        _ packet: RTPPacket,
        at arrival: NIODeadline,
        deliver: (RTPPacket, NIODeadline) -> Void
    ) {
        if !waiting.isEmpty { expired(at: arrival, deliver: deliver) }
        guard source == packet.ssrc else { return restart(with: packet, at: arrival, deliver: deliver) }
        var distance = packet.sequenceNumber.distance(from: next)
        while distance >= maximumPackets, !waiting.isEmpty {
            releaseFirstRun(deliver)
            distance = packet.sequenceNumber.distance(from: next)
        }
        if distance == 0 {
            pass(packet, at: arrival, deliver: deliver)
            if !waiting.isEmpty { releaseConsecutive(deliver) }
        } else if distance < 0 {
            receiveOld(packet, distance: distance, at: arrival, deliver: deliver)
        } else if distance >= maximumPackets {
            // Further ahead than any packet may wait: the numbers between are lost, or the source jumped.
            giveUp(upTo: packet.sequenceNumber)
            pass(packet, at: arrival, deliver: deliver)
        } else {
            wait(packet, at: arrival)
        }
    }

    /// When `expired(at:)` has to be called; `nil` while nothing waits.
    package var deadline: NIODeadline? {
        waiting.lazy.map(\.arrival).min().map { $0 + maximumDelay }
    }

    /// Gives up the gaps that packets have waited behind for too long.
    package mutating func expired(at now: NIODeadline, deliver: (RTPPacket, NIODeadline) -> Void) {
        while let deadline, deadline <= now { releaseFirstRun(deliver) }
    }

    /// Forgets the source and what waits, undelivered.
    package mutating func reset() {
        source = nil
        oldInARow = 0
        waiting.removeAll(keepingCapacity: true)
    }
}

extension ReorderBuffer {
    private mutating func pass(_ packet: RTPPacket, at arrival: NIODeadline, deliver: (RTPPacket, NIODeadline) -> Void)
    {
        oldInARow = 0
        next = packet.sequenceNumber.advanced(by: 1)
        lastTimestamp = RTPTimestamp(packet.timestamp)
        deliver(packet, arrival)
    }

    private mutating func wait(_ packet: RTPPacket, at arrival: NIODeadline) {
        oldInARow = 0
        let distance = packet.sequenceNumber.distance(from: next)
        // From the back: a packet that waits is mostly the newest.
        var index = waiting.endIndex
        while index > 0 {
            let before = waiting[index - 1].packet.sequenceNumber.distance(from: next)
            if before == distance {
                counters.duplicates &+= 1
                return
            }
            if before < distance { break }
            index -= 1
        }
        waiting.insert(Waiting(packet: packet, arrival: arrival), at: index)
    }

    private mutating func receiveOld(
        _ packet: RTPPacket,
        distance: Int,
        at arrival: NIODeadline,
        deliver: (RTPPacket, NIODeadline) -> Void
    ) {
        let jump = RTPTimestamp(packet.timestamp).distance(from: lastTimestamp).magnitude
        oldInARow += 1
        if distance < -maximumPackets && jump > Self.timestampJump || oldInARow >= Self.oldPacketsBeforeRestart {
            restart(with: packet, at: arrival, deliver: deliver)
        } else {
            counters.late &+= 1
        }
    }

    /// Goes on with a new source behind whatever still waits of the old one.
    private mutating func restart(
        with packet: RTPPacket,
        at arrival: NIODeadline,
        deliver: (RTPPacket, NIODeadline) -> Void
    ) {
        releaseAll(deliver)
        if source != nil { counters.restarts &+= 1 }
        source = packet.ssrc
        pass(packet, at: arrival, deliver: deliver)
    }

    private mutating func giveUp(upTo number: SequenceNumber) {
        counters.missing &+= UInt64(max(0, number.distance(from: next)))
        next = number
    }

    /// Gives up the first gap and delivers what stands behind it, up to the next one.
    private mutating func releaseFirstRun(_ deliver: (RTPPacket, NIODeadline) -> Void) {
        guard let first = waiting.first else { return }
        giveUp(upTo: first.packet.sequenceNumber)
        releaseConsecutive(deliver)
    }

    private mutating func releaseConsecutive(_ deliver: (RTPPacket, NIODeadline) -> Void) {
        var count = 0
        while count < waiting.count, waiting[count].packet.sequenceNumber == next {
            pass(waiting[count].packet, at: waiting[count].arrival, deliver: deliver)
            count += 1
        }
        waiting.removeFirst(count)
    }

    private mutating func releaseAll(_ deliver: (RTPPacket, NIODeadline) -> Void) {
        while !waiting.isEmpty { releaseFirstRun(deliver) }
    }
}
