import NIOCore
import RTSP

/// How a connection ends from our side: what is queued goes out, our side is shut, the peer may read, then it is gone.
///
/// Closing at once would answer bytes still under way with a reset, and the kernel of the peer would throw away
/// the very answer that says what was wrong.
extension RTSPServerConnection {
    /// Finishes once the request in flight is answered, if there is one.
    func finishBehindAnswer() {
        guard pipeline.isAnswering, case .reading = phase else { return finish() }
        phase = .finishing
        patience.closingBegan(at: .now())
        stopParsing()
    }

    /// Ends the connection behind what is queued; within `closingTime` whatever the peer does.
    func finish() {
        switch phase {
        case .lingering, .closed: return
        case .reading, .finishing: break
        }
        phase = .finishing
        patience.closingBegan(at: .now())
        stopParsing()
        guard let writer else { return }
        if writer.isDrained {
            linger()
        } else {
            _ = writer.observeDrain { [weak self] in self?.linger() }
        }
    }

    private func linger() {
        guard case .finishing = phase, let channel else { return }
        phase = .lingering
        writer?.close()
        channel.close(mode: .output).assumeIsolated().whenFailure { [weak self] _ in
            // The peer was quicker, or this kind of channel has no halves.
            self?.abort()
        }
    }

    /// Says this, in whatever protocol, and ends; nothing behind it is read.
    func end(with lastWords: ByteBuffer) {
        pipeline.arrived(.lastWords(lastWords))
        process()
    }

    /// Ends the connection without another word.
    func abort() {
        channel?.close(promise: nil)
    }

    /// Looked over by the loop's sweep: is it waiting for something too long?
    func sweep(at now: NIODeadline) {
        switch patience.verdict(at: now, hasSession: control.sessions > 0, isBusy: !pipeline.isIdle) {
        case .fine:
            break
        case .requestTooSlow:
            environment.tally.count(\.slowRequests)
            refuse(.requestTimeOut)
        case .idle:
            environment.tally.count(\.idle)
            finish()
        case .closingTooSlow:
            abort()
        }
    }

    private func refuse(_ status: RTSPStatus) {
        pipeline.arrived(.refusal(RTSPResponse(status), ends: true))
        process()
    }
}

extension RTSPResponse {
    /// A response of a status alone, to the request with that CSeq if it was readable.
    init(_ status: RTSPStatus, cSeq: String?) {
        self.init(status)
        headers["CSeq"] = cSeq
    }
}

extension RTSPRequest {
    var asksToClose: Bool {
        headers["Connection"].map { $0.utf8.count == 5 && $0.lowercased() == "close" } ?? false
    }
}

extension ByteBuffer {
    /// The unread bytes; a few of them do not hold on to the storage of many.
    var trimmed: ByteBuffer {
        storageCapacity > 4096 && readableBytes < storageCapacity / 4 ? ByteBuffer(bytes: readableBytesView) : self
    }
}

extension SocketAddress {
    /// `192.0.2.7:554` or `[2001:db8::7]:554`.
    package var brief: String {
        guard let ipAddress, let port else { return description }
        return self.protocol == .inet6 ? "[\(ipAddress)]:\(port)" : "\(ipAddress):\(port)"
    }
}
