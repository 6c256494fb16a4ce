import NIOCore
import NIOPosix
import TestSupport

/// A connection that sends whatever it is told, and keeps what comes back.
final class RawClient: Sendable {
    private struct Received {
        var bytes: [UInt8] = []
        var isOver = false
    }

    private let channel: any Channel
    private let received: Locked<Received>

    private init(channel: any Channel, received: Locked<Received>) {
        self.channel = channel
        self.received = received
    }

    /// `isReading`: false leaves what comes in the kernel.
    static func connect(port: Int, isReading: Bool = true) async throws -> RawClient {
        let received = Locked(Received())
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: isReading)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Keeper(received: received))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return RawClient(channel: channel, received: received)
    }

    func send(_ text: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text))
    }

    func send(bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    /// A server that has closed already takes nothing; that is fine too.
    func trySending(_ text: String) async {
        try? await channel.writeAndFlush(ByteBuffer(string: text))
    }

    /// From now on, where it did not before.
    func read() {
        channel.setOption(.autoRead, value: true).whenComplete { [channel] _ in channel.read() }
    }

    func close() async {
        try? await channel.close()
    }

    var bytes: [UInt8] { received.value.bytes }
    /// How many, without a copy where more come meanwhile.
    var byteCount: Int { received.change { $0.bytes.count } }

    /// The server has hung up.
    var isOver: Bool { received.value.isOver }

    /// So many answers, or all that came until the server hung up.
    func answers(_ count: Int, toHEAD: Bool = false) async throws -> [RawAnswer] {
        try await eventually("\(count) answers") {
            // Where they are: a copy would have to be made again for each piece that comes meanwhile.
            received.change { $0.isOver || RawAnswer.all(in: $0.bytes, toHEAD: toHEAD).count >= count }
        }
        return RawAnswer.all(in: bytes, toHEAD: toHEAD)
    }

    /// All there is once the server has hung up.
    func lastAnswers() async throws -> [RawAnswer] {
        try await eventually("hung up") { isOver }
        return RawAnswer.all(in: bytes)
    }

    private final class Keeper: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        let received: Locked<Received>

        init(received: Locked<Received>) {
            self.received = received
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let buffer = unwrapInboundIn(data)
            received.change { $0.bytes += buffer.readableBytesView }
        }

        func channelInactive(context: ChannelHandlerContext) {
            received.change { $0.isOver = true }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}

/// One answer as it came.
struct RawAnswer {
    private var head: ArraySlice<UInt8>
    private var content: ArraySlice<UInt8>

    var body: [UInt8] { Array(content) }
    var text: String { String(decoding: content, as: UTF8.self) }
    var status: Int { Int(String(decoding: head.dropFirst(9).prefix(3), as: UTF8.self)) ?? 0 }

    func header(_ name: String) -> String? {
        let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n").dropFirst()
        let line = lines.first { $0.prefix { $0 != ":" }.lowercased() == name.lowercased() }
        return line.map { String($0.drop { $0 != ":" }.dropFirst(2)) }
    }

    /// Those that are complete, in their order; every body has a length.
    static func all(in bytes: [UInt8], toHEAD: Bool = false) -> [RawAnswer] {
        var answers: [RawAnswer] = []
        var rest = bytes[...]
        while let end = end(ofHead: rest) {
            var answer = RawAnswer(head: rest[..<end], content: [])
            let count = toHEAD ? 0 : answer.header("Content-Length").flatMap { Int($0) } ?? 0
            guard rest.endIndex - end >= count else { break }
            answer.content = rest[end..<(end + count)]
            rest = rest[(end + count)...]
            answers.append(answer)
        }
        return answers
    }

    private static func end(ofHead bytes: ArraySlice<UInt8>) -> Int? {
        let (carriageReturn, lineFeed) = (UInt8(ascii: "\r"), UInt8(ascii: "\n"))
        var place = bytes.startIndex
        while place + 3 < bytes.endIndex {
            if bytes[place] == carriageReturn, bytes[place + 1] == lineFeed, bytes[place + 2] == carriageReturn,
                bytes[place + 3] == lineFeed
            {
                return place + 4
            }
            place += 1
        }
        return nil
    }
}
