import Egress
import HLS
import NIOCore
import NIOHTTP1
import RTSP

extension WebConnection {
    /// The request that is being answered.
    struct Answering {
        /// Whoever waits for the answer of another is too late.
        var number: UInt64
        var head: HTTPRequestHead
        /// What came is no HTTP, and `head` stands in for it.
        var isUnreadable = false
        var path: String
        var begin: NIODeadline
        /// The status, and what had been written of the connection with the head of the answer; `nil` before that.
        var sent: (status: HTTPResponseStatus, bytes: Int64)?
        /// Finds the answer.
        var task: Task<Void, Never>?
        /// What is being sent.
        var download: MovieDownload?
        /// Watches, and is the body of the answer.
        var watching: (LiveDownload, LiveTicket)?
    }

    /// Bytes of a file that are read at a time: a viewer has one such piece at most that its socket has not taken, and TLS another.
    private static let pieceSize: Int64 = 128 * 1024

    /// Has the responder find the answer.
    func answer(_ head: HTTPRequestHead, _ target: WebTarget) {
        guard let context else { return }
        let eventLoop = context.eventLoop
        var headers = head.headers
        // The old version has no other protocol to go on with (RFC 9110 §7.8).
        if head.version.minor == 0 { headers.remove(name: "Upgrade") }
        let request = WebRequest(
            method: head.method, target: target, headers: headers, address: address, eventLoop: eventLoop,
            logger: logger)
        let number = nextNumber()
        answering = Answering(number: number, head: head, path: target.written, begin: .now())
        let responder = environment.responder
        if !hasTakenItsTurn, let response = responder.atHand(request) {
            hasTakenItsTurn = true
            return found(response, for: number)
        }
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        answering?.task = Task {
            let response = await responder.respond(request)
            eventLoop.execute { bound.value.found(response, for: number) }
        }
    }

    /// Says why nothing more is answered.
    func refused(_ status: HTTPResponseStatus, _ head: HTTPRequestHead?) {
        let number = nextNumber()
        answering = Answering(
            number: number, head: head ?? HTTPRequestHead(version: .http1_1, method: .GET, uri: "/"),
            isUnreadable: head == nil, path: "-", begin: .now())
        found(WebResponse(status, saying: nil), for: number)
    }

    private func found(_ response: WebResponse, for number: UInt64) {
        guard let context, let answering, answering.number == number else { return }
        log(response, to: answering)
        // It has no end of its own, so nothing is answered behind it.
        if case .live = response.body { hearNoMore() }
        let head = head(of: response, to: answering)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        self.answering?.sent = (response.status, meter.written)
        guard answering.head.method != .HEAD else { return end(number) }
        switch response.body {
        case .none:
            end(number)
        case .bytes(let bytes):
            context.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
            end(number)
        case .kept(let bytes, let file, let offset):
            if isSecure {
                context.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
            } else {
                write(file, offset..<offset + bytes.readableBytes)
            }
            end(number)
        case .file(let file, let range):
            self.answering?.download = file
            send(file, range, number)
        case .live(let ticket):
            watch(ticket, number)
        case .socket(let ticket):
            becomeSocket(ticket)
        }
    }

    private func head(of response: WebResponse, to answering: Answering) -> HTTPResponseHead {
        var headers = response.headers
        headers.add(
            name: "Date", value: HTTPDate(unixSeconds: environment.clock.wallClock() / 1_000_000_000).serialized)
        headers.add(name: "Server", value: environment.serverName)
        var version = HTTPVersion.http1_1
        var isSocket = false
        switch response.body {
        case .live:
            // Without chunks: the old version knows none, and the answer to HEAD has none.
            if answering.head.version.minor == 0 || answering.head.method == .HEAD { version = .http1_0 }
        case .socket: isSocket = true
        case .none, .bytes, .kept, .file:
            guard response.status.mayHaveResponseBody else { break }
            headers.add(name: "Content-Length", value: "\(response.body.count)")
        }
        if isSocket {
            // It goes on as something else.
        } else if !goesOn {
            headers.add(name: "Connection", value: "close")
        } else if answering.head.version.minor == 0 {
            headers.add(name: "Connection", value: "keep-alive")
        }
        return HTTPResponseHead(version: version, status: response.status, headers: headers)
    }

    /// Has the kernel send bytes from where they lie.
    private func write(_ file: MemoryFile, _ range: Range<Int>) {
        guard let context else { return }
        // SwiftNIO lets a handle be used by one thread at a time; the file behind it is everybody's.
        let handle = NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: file.descriptor)
        let region = FileRegion(fileHandle: handle, readerIndex: range.lowerBound, endIndex: range.upperBound)
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { _ in
            // It is not the handle's to close. The file stays until here.
            _ = try? handle.takeDescriptorOwnership()
            withExtendedLifetime(file) {}
        }
        context.write(wrapOutboundOut(.body(.fileRegion(region))), promise: promise)
    }

    /// Reads a piece and writes it, and the next one when the socket has taken that.
    private func send(_ file: MovieDownload, _ range: Range<Int64>, _ number: UInt64) {
        guard let context, answering?.number == number else { return }
        guard !range.isEmpty else { return end(number) }
        let end = min(range.upperBound, range.lowerBound + Self.pieceSize)
        let count = Int(end - range.lowerBound)
        do {
            // Mostly it is in the system's cache: to hand it over from a thread would cost more than the reading.
            if let bytes = try file.readAtHand(at: range.lowerBound, count: count) {
                return write(bytes, then: end..<range.upperBound, of: file, number)
            }
        } catch {
            return breakOff(error)
        }
        let piece = file.read(at: range.lowerBound, count: count, on: context.eventLoop)
        piece.assumeIsolated().whenComplete { [weak self] result in
            guard let self, self.answering?.number == number else { return }
            switch result {
            case .success(let bytes): self.write(bytes, then: end..<range.upperBound, of: file, number)
            case .failure(let error): self.breakOff(error)
            }
        }
    }

    private func write(_ bytes: ByteBuffer, then rest: Range<Int64>, of file: MovieDownload, _ number: UInt64) {
        guard let context else { return }
        let eventLoop = context.eventLoop
        let promise = eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenSuccess { [weak self] in
            // Others of this loop have their turn between two pieces, however fast this peer is.
            eventLoop.assumeIsolated().execute { self?.send(file, rest, number) }
        }
        context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: promise)
    }

    /// Its length has been told: that the rest does not come is for the peer to see.
    private func breakOff(_ error: any Error) {
        logger.notice("movie broken off", metadata: ["error": "\(error)"])
        context?.close(promise: nil)
    }

    /// The next request waits until the socket has taken all of this answer.
    func end(_ number: UInt64) {
        guard let context else { return }
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenSuccess { [weak self] in
            guard let self, self.answering?.number == number else { return }
            self.answered()
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: promise)
    }

    /// Has the access log tell of a request whose answer is over; so many bytes of it were left behind.
    func note(_ answering: Answering, left: Int) {
        guard let accessLog = environment.accessLog else { return }
        let body = answering.sent.map { meter.written - $0.bytes - Int64(left) } ?? 0
        accessLog.append(
            AccessLogLine(
                address: address, time: HTTPDate(unixSeconds: environment.clock.wallClock() / 1_000_000_000),
                head: answering.isUnreadable ? nil : answering.head,
                status: answering.sent.map { Int($0.status.code) } ?? AccessLogLine.hungUp, bytes: max(0, body),
                milliseconds: (NIODeadline.now() - answering.begin).nanoseconds / 1_000_000))
    }

    /// A query may be a secret: not logged.
    private func log(_ response: WebResponse, to answering: Answering) {
        guard logger.logLevel <= .debug else { return }
        let milliseconds = (NIODeadline.now() - answering.begin).nanoseconds / 1_000_000
        logger.debug(
            "request answered",
            metadata: [
                "method": "\(answering.head.method)", "path": "\(answering.path)",
                "status": "\(response.status.code)", "ms": "\(milliseconds)",
            ])
    }
}
