import ISOMedia
import NIOCore
import RTSPTransport

// What goes out, and how.
extension MovieBroadcast {
    /// What is due within this goes out together.
    static var run: TimeAmount { .milliseconds(5) }
    /// Packets that go out at once: some 75 Mbit/s, and four times that for what is late. A large picture is not to overrun the
    /// receiver's socket.
    private static var pacedPackets: Int { 32 }
    private static var behind: TimeAmount { .milliseconds(100) }

    /// Nothing waits for the server to take it.
    var canSend: Bool { writer?.isDrained ?? true }

    /// Sends what is due by now, or very soon.
    func sendDue(at now: NIODeadline) {
        var allowance = Self.pacedPackets
        if let first = waiting.first, next(of: first).due < first.pace.movieTime(at: now - Self.behind) {
            allowance *= 4
        }
        while allowance > 0, canSend, let first = waiting.first {
            let limit = first.pace.movieTime(at: now + Self.run)
            guard next(of: first).due <= limit else { break }
            if let start = first.start {
                waiting[0].start = nil
                progress.rounds += 1
                tie(Air(start: start, pace: first.pace), at: now)
            }
            let packets = first.next..<first.next + runLength(in: first, until: limit, most: allowance)
            send(first.batch, packets)
            allowance -= packets.count
            // The connection may have been found gone.
            guard !waiting.isEmpty else { return }
            waiting[0].next = packets.upperBound
            guard packets.upperBound == first.batch.entries.count else { continue }
            waiting.removeFirst()
            // What is queued is somebody else's until it is sent.
            if canSend { batches.give(first.batch) }
        }
    }

    private func next(of waiting: Waiting) -> PacketBatch.Entry { waiting.batch.entries[waiting.next] }

    /// Over TCP all that is due, for it lies framed in one piece. Datagrams of one track and one length, of which the last may be
    /// shorter: what the kernel cuts by itself.
    private func runLength(in waiting: Waiting, until limit: Int64, most: Int) -> Int {
        let entries = waiting.batch.entries
        let first = entries[waiting.next]
        var end = waiting.next + 1
        while end < entries.count, end - waiting.next < most, entries[end].due <= limit {
            guard writer == nil else {
                end += 1
                continue
            }
            guard entries[end].track == first.track, entries[end].length <= first.length,
                entries[end - 1].length == first.length
            else { break }
            end += 1
        }
        return end - waiting.next
    }

    private func send(_ batch: PacketBatch, _ packets: Range<Int>) {
        let entries = batch.entries[packets]
        guard let first = entries.first, let last = entries.last else { return }
        for entry in entries {
            reports.count(entry)
            progress.bytes &+= UInt64(entry.length)
        }
        progress.packets &+= UInt64(packets.count)
        switch routes[first.track] {
        case .interleaved:
            let length = last.offset + last.length - first.offset + 4
            if let bytes = batch.bytes.getSlice(at: first.offset - 4, length: length) { writer?.send(bytes) }
        case .datagrams(let rtp, _, let sockets):
            // Without framing one lies right behind the other.
            let length = last.offset + last.length - first.offset
            guard let run = batch.bytes.getSlice(at: first.offset, length: length) else { return }
            sockets.send(run, segmentSize: packets.count > 1 ? first.length : nil, to: rtp, control: false)
            sockets.flush()
        case nil: break
        }
    }

    // MARK: RTCP

    func sendReports(at now: NIODeadline) {
        guard let air, canSend else { return }
        for (track, packet) in reports.make(at: air.pace.movieTime(at: now), now: now) { send(control: packet, track) }
    }

    func sendGoodbyes() {
        for (track, packet) in reports.goodbyes() { send(control: packet, track) }
    }

    private func send(control packet: ByteBuffer, _ track: Int) {
        progress.packets &+= 1
        progress.bytes &+= UInt64(packet.readableBytes)
        switch routes[track] {
        case .interleaved(let channels): writer?.send(packet.interleaved(on: channels.rtcp))
        case .datagrams(_, let rtcp, let sockets):
            sockets.send(packet, segmentSize: nil, to: rtcp, control: true)
            sockets.flush()
        case nil: break
        }
    }
}
