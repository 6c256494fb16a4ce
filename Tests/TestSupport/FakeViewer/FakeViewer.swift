import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// An RTSP viewer made of raw text: it sends any bytes and collects what comes back.
///
/// It shares no line with the parser under test, so that one cannot agree with the other's mistake.
package final class FakeViewer: Sendable {
    /// The loops that viewers share; a server under test may run on them too.
    package static var group: any EventLoopGroup { MultiThreadedEventLoopGroup.singleton }

    /// Responses, in the order of the wire.
    package let answers: Inbox<Answer>
    /// Interleaved frames, in the order of the wire.
    package let frames: Inbox<Frame>
    private let channel: any Channel
    private let sequence = NIOLockedValueBox(0)

    private init(channel: any Channel, answers: Inbox<Answer>, frames: Inbox<Frame>) {
        self.channel = channel
        self.answers = answers
        self.frames = frames
    }

    /// `receiveBuffer` in bytes makes the kernel take no more than that for a viewer who does not read.
    package static func connect(
        host: String = "127.0.0.1", port: Int, receiveBuffer: Int? = nil
    ) async throws -> FakeViewer {
        let eventLoop = group.next()
        let answers = Inbox<Answer>("response", on: eventLoop)
        let frames = Inbox<Frame>("interleaved frame", on: eventLoop)
        var bootstrap = ClientBootstrap(group: eventLoop)
        if let receiveBuffer {
            let size = SocketOptionValue(receiveBuffer)
            bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: size)
        }
        let channel =
            try await bootstrap
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(FakeViewerHandler(answers: answers, frames: frames))
                }
            }
            .connect(host: host, port: port).get()
        return FakeViewer(channel: channel, answers: answers, frames: frames)
    }

    /// The viewer's own end of the connection.
    package var localAddress: SocketAddress? { channel.localAddress }

    /// A viewer that does not read lets the server's bytes pile up.
    package func reads(_ isReading: Bool) async throws {
        try await channel.setOption(.autoRead, value: isReading).get()
    }

    /// Sends the text as it stands.
    package func send(_ text: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text)).get()
    }

    /// Sends one interleaved frame.
    package func send(frame payload: [UInt8], channel number: UInt8) async throws {
        var bytes = ByteBuffer(bytes: [0x24, number])
        bytes.writeInteger(UInt16(truncatingIfNeeded: payload.count))
        bytes.writeBytes(payload)
        try await channel.writeAndFlush(bytes).get()
    }

    /// Sends a request with the next CSeq and waits for the response with that CSeq.
    @discardableResult
    package func request(
        _ method: String,
        _ uri: String,
        _ headers: [(String, String)] = [],
        body: String = ""
    ) async throws -> Answer {
        let number = sequence.withLockedValue { number in
            number += 1
            return number
        }
        var text = "\(method) \(uri) RTSP/1.0\r\nCSeq: \(number)\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        if !body.isEmpty { text += "Content-Length: \(body.utf8.count)\r\n" }
        try await send(text + "\r\n" + body)
        return try await answers.next { $0["CSeq"] == "\(number)" }
    }

    /// Waits until the server closes the connection.
    package func closed(within bound: TimeAmount = .seconds(5)) async throws {
        let promise = channel.eventLoop.makePromise(of: Void.self)
        let timeout = channel.eventLoop.scheduleTask(in: bound) {
            promise.fail(WaitTimedOut(name: "end of the connection", bound: bound))
        }
        channel.closeFuture.whenComplete { _ in
            timeout.cancel()
            promise.succeed()
        }
        try await promise.futureResult.get()
    }

    /// Closes the connection without a word, as a killed player does.
    package func close() async {
        try? await channel.close().get()
    }
}

extension FakeViewer {
    /// One response, cut into its lines and no further.
    package struct Answer: Sendable {
        package let version: String
        package let status: Int
        package let reason: String
        /// Names as written, in the order of the message.
        package let headers: [(name: String, value: String)]
        package let body: String
        /// Interleaved frames that came before it on this connection.
        package let framesBefore: Int
        package let arrival = NIODeadline.now()

        /// The first value of that name, in any case.
        package subscript(_ name: String) -> String? {
            headers.first { $0.name.lowercased() == name.lowercased() }?.value
        }

        /// The id of the `Session` header, without its timeout.
        package var session: String? {
            self["Session"].map { String($0.prefix { $0 != ";" }) }
        }
    }

    /// One interleaved frame.
    package struct Frame: Sendable {
        package let channel: UInt8
        package let payload: [UInt8]
        package let arrival = NIODeadline.now()
    }

    /// The connection ended while a test waited.
    package struct Closed: Error {}

    /// What came is neither a response nor a frame.
    package struct Unreadable: Error {
        package let text: String
    }
}
