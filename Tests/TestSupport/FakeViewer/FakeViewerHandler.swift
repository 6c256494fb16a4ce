import NIOCore

/// Cuts the byte stream of a server into responses and interleaved frames.
final class FakeViewerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var bytes = ByteBuffer()
    private var frameCount = 0
    private let answers: Inbox<FakeViewer.Answer>
    private let frames: Inbox<FakeViewer.Frame>

    init(answers: Inbox<FakeViewer.Answer>, frames: Inbox<FakeViewer.Frame>) {
        self.answers = answers
        self.frames = frames
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var received = unwrapInboundIn(data)
        bytes.writeBuffer(&received)
        while let first = bytes.getInteger(at: bytes.readerIndex, as: UInt8.self) {
            if first == 0x24 {
                guard takeFrame() else { return }
            } else {
                guard takeAnswer(context: context) else { return }
            }
        }
        bytes.discardReadBytes()
    }

    func channelInactive(context: ChannelHandlerContext) {
        answers.close(FakeViewer.Closed())
        frames.close(FakeViewer.Closed())
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func takeFrame() -> Bool {
        guard
            let channel = bytes.getInteger(at: bytes.readerIndex + 1, as: UInt8.self),
            let length = bytes.getInteger(at: bytes.readerIndex + 2, as: UInt16.self),
            bytes.readableBytes >= 4 + Int(length)
        else { return false }
        bytes.moveReaderIndex(forwardBy: 4)
        frameCount += 1
        frames.put(FakeViewer.Frame(channel: channel, payload: bytes.readBytes(length: Int(length)) ?? []))
        return true
    }

    private func takeAnswer(context: ChannelHandlerContext) -> Bool {
        let view = bytes.readableBytesView
        guard let end = view.indices.first(where: { view[$0...].starts(with: [13, 10, 13, 10]) }) else { return false }
        let head = String(decoding: view[..<end], as: UTF8.self)
        let lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)
        let statusLine = lines[0].split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard statusLine.count == 3, statusLine[0].hasPrefix("RTSP/"), let status = Int(statusLine[1]) else {
            answers.close(FakeViewer.Unreadable(text: head))
            context.close(promise: nil)
            return false
        }
        var headers: [(name: String, value: String)] = []
        var length = 0
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count == 2 ? String(parts[1].drop { $0 == " " }) : ""
            headers.append((name: String(parts[0]), value: value))
            if parts[0].lowercased() == "content-length" { length = Int(value) ?? 0 }
        }
        let headLength = end - view.startIndex + 4
        guard bytes.readableBytes >= headLength + length else { return false }
        bytes.moveReaderIndex(forwardBy: headLength)
        let answer = FakeViewer.Answer(
            version: String(statusLine[0]),
            status: status,
            reason: String(statusLine[2]),
            headers: headers,
            body: bytes.readString(length: length) ?? "",
            framesBefore: frameCount
        )
        answers.put(answer)
        return true
    }
}
