import RTSP

/// What comes in, counted. Nothing here allocates for a packet.
extension LoadSession {
    /// Reads of one connection in a row, so that one that never falls silent leaves time to the others.
    private static let mostReads = 4

    /// The connection has something to read.
    func readConnection() {
        for _ in 0..<Self.mostReads {
            guard let socket, phase != .connecting else { return }
            switch socket.read(into: context.buffer) {
            case .nothing: return
            case .closed: return fail("the server closed the connection")
            case .failed(let error): return fail("the connection broke: \(error)")
            case .bytes(let bytes):
                take(bytes, at: MonotonicClock.now())
                if bytes.count < context.buffer.count { return }
            }
        }
    }

    private func take(_ bytes: UnsafeRawBufferPointer, at arrival: UInt64) {
        var rest = bytes
        // A message may end the session, and even begin it again: then the rest is of a connection that is no more.
        let descriptor = socket?.descriptor
        do {
            while let piece = try reader.next(&rest) {
                switch piece {
                case .packet(let channel, let beginning, let length):
                    guard let track = tracks.firstIndex(where: { $0.channel == channel }) else { continue }
                    received(beginning, length: length, track: track, at: arrival)
                case .message(let message):
                    received(message, at: arrival)
                    guard phase != .connecting, let socket, socket.descriptor == descriptor else { return }
                }
            }
        } catch {
            fail(error.description)
        }
    }

    /// The RTP port of a track has something to read.
    func readDatagrams(of track: Int, with reader: borrowing DatagramReader) {
        for _ in 0..<Self.mostReads {
            guard tracks.indices.contains(track), let socket = tracks[track].ports?.media else { return }
            let count = reader.receive(from: socket)
            guard count > 0 else { return }
            let arrival = MonotonicClock.now()
            for index in 0..<count {
                let (beginning, length) = reader.datagram(index)
                received(beginning, length: length, track: track, at: arrival)
            }
            if count < DatagramReader.most { return }
        }
    }

    /// Throws away what came to the RTCP ports.
    func drainControl(with reader: borrowing DatagramReader) {
        for pair in pairs { _ = reader.receive(from: pair.control) }
    }

    private func received(_ bytes: UnsafeRawBufferPointer, length: Int, track: Int, at arrival: UInt64) {
        guard let packet = PacketBeginning(bytes) else { return }
        tracks[track].continuity.receive(packet.sequenceNumber, source: packet.source)
        if context.isMeasuring {
            packetsInWindow += 1
            context.counts.packets += 1
            context.counts.bytes += length
            if context.plan.isStamped, isWhole, let sent = SendStamp.nanoseconds(in: bytes) {
                context.counts.delay.record(arrival > sent ? arrival - sent : 0)
            }
        }
        if !hasPacket {
            hasPacket = true
            context.counts.firstPacket.record(sincePlay(arrival))
            joined()
        }
        guard tracks[track].isLead else { return }
        tracks[track].follow(packet.payloadType)
        let clockRate = tracks[track].clockRate
        tracks[track].jitter.receive(timestamp: packet.timestamp, clockRate: clockRate, arrival: arrival)
        if !hasRandomAccess, tracks[track].probe.isRandomAccess(packet.payload) {
            hasRandomAccess = true
            context.counts.firstRandomAccess.record(sincePlay(arrival))
        }
    }

    /// Some servers send before they answer, none before it is asked.
    private func sincePlay(_ arrival: UInt64) -> UInt64 { arrival > playSent ? arrival - playSent : 0 }

    // MARK: The window

    /// The window opens: what was before, the start above all, is no part of it.
    func windowOpened() {
        packetsInWindow = 0
        isWhole = phase == .playing
        for index in tracks.indices { tracks[index].jitter = InterarrivalJitter() }
    }

    /// Gives what was counted to the context; the session counts no more.
    func handOver() {
        var lost = 0
        for track in tracks {
            lost += track.continuity.lost
            context.counts.reordered += track.continuity.reordered
            context.counts.duplicates += track.continuity.duplicates
            guard isWhole, track.isLead else { continue }
            context.counts.jitter.record(UInt64(track.jitter.nanoseconds))
            context.counts.sessionPackets[target].append(packetsInWindow)
        }
        context.counts.lost += lost
        if lost > 0 { context.counts.lossySessions += 1 }
        tracks = []
        context.socketsChanged = true
    }
}
