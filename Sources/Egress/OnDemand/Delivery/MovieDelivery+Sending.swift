import ISOMedia
import NIOCore
import RTSPTransport

// What goes out, and how.
extension MovieDelivery {
    /// Datagrams that are due within this go out together: as late as that may be looked after.
    private static var run: TimeAmount { TimingWheel.slot }
    /// Datagrams that go out at once: some 75 Mbit/s, and four times that for who has fallen behind. A large picture is not to overrun
    /// the viewer's socket.
    private static var pacedPackets: Int { 32 }
    private static var behind: TimeAmount { .milliseconds(100) }

    // MARK: Over the RTSP connection

    /// Sends all that is there in one write, if the viewer has taken what it was sent before.
    func sendWaiting(_ pace: PlayoutPace) {
        while let first = waiting.first, context.writer.isDrained,
            !isBeyondPause(first.batch.entries[first.next].due, pace)
        {
            waiting.removeFirst()
            for entry in first.batch.entries { reports.count(entry) }
            sent.packets &+= UInt64(first.batch.entries.count)
            sent.bytes &+= UInt64(first.batch.bytes.readableBytes)
            context.writer.send(first.batch.bytes)
            // What is queued is somebody else's until it is sent.
            if context.writer.isDrained { catalog.batches.give(first.batch) }
        }
    }

    // MARK: By datagrams

    /// Sends what is due by now, or very soon.
    func sendDue(_ pace: PlayoutPace, at now: NIODeadline) {
        let limit = beforePause(pace.movieTime(at: now + Self.run), pace)
        let late = pace.movieTime(at: now - Self.behind)
        var allowance = Self.pacedPackets
        if let first = waiting.first, isDue(first.batch.entries[first.next], by: late, pace) { allowance *= 4 }
        while let first = waiting.first, allowance > 0 {
            let count = runLength(in: first, until: limit, pace, most: allowance)
            guard count > 0 else { break }
            send(first.batch, first.next..<first.next + count)
            allowance -= count
            if first.next + count < first.batch.entries.count {
                waiting[0].next += count
            } else {
                waiting.removeFirst()
                catalog.batches.give(first.batch)
            }
        }
        context.datagrams?.flush()
    }

    /// When datagrams are to be looked after again.
    func nextDeparture(_ pace: PlayoutPace) -> NIODeadline {
        guard let first = waiting.first else { return .distantFuture }
        let due = first.batch.entries[first.next].due
        return isBeyondPause(due, pace) ? .distantFuture : pace.deadline(of: due)
    }

    private func isDue(_ entry: PacketBatch.Entry, by time: Int64, _ pace: PlayoutPace) -> Bool {
        pace.isForward ? entry.due <= time : entry.due >= time
    }

    /// Packets of one track and one length, of which the last may be shorter: what the kernel cuts by itself.
    private func runLength(in waiting: Waiting, until limit: Int64, _ pace: PlayoutPace, most: Int) -> Int {
        let entries = waiting.batch.entries
        let first = entries[waiting.next]
        var end = waiting.next
        while end < entries.count, end - waiting.next < most, entries[end].track == first.track,
            entries[end].length <= first.length, isDue(entries[end], by: limit, pace)
        {
            end += 1
            if entries[end - 1].length < first.length { break }
        }
        return end - waiting.next
    }

    private func send(_ batch: PacketBatch, _ packets: Range<Int>) {
        guard let first = batch.entries[packets].first, let last = batch.entries[packets].last else { return }
        switch routes[first.track] {
        case .datagrams(let rtp, _, let sockets):
            // Without framing one lies right behind the other.
            let length = last.offset + last.length - first.offset
            guard let run = batch.bytes.getSlice(at: first.offset, length: length) else { return }
            sockets.send(run, segmentSize: packets.count > 1 ? first.length : nil, to: rtp, control: false)
        case .interleaved, nil: return
        }
        for entry in batch.entries[packets] {
            reports.count(entry)
            sent.bytes &+= UInt64(entry.length)
        }
        sent.packets &+= UInt64(packets.count)
    }

    // MARK: RTCP

    func sendReports(_ pace: PlayoutPace, at now: NIODeadline) {
        for (track, packet) in reports.make(at: pace.movieTime(at: now), now: now) { send(control: packet, track) }
    }

    func sendGoodbyes() {
        for (track, packet) in reports.goodbyes() { send(control: packet, track) }
    }

    private func send(control packet: ByteBuffer, _ track: Int) {
        sent.packets &+= 1
        sent.bytes &+= UInt64(packet.readableBytes)
        switch routes[track] {
        case .interleaved(let channels): context.writer.send(packet.interleaved(on: channels.rtcp))
        case .datagrams(_, let rtcp, let sockets):
            sockets.send(packet, segmentSize: nil, to: rtcp, control: true)
            sockets.flush()
        case nil: break
        }
    }
}
