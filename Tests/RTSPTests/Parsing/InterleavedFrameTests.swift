import NIOCore
import Testing

@testable import RTSP

@Suite("Interleaved frames")
struct InterleavedFrameTests {
    private let answer = "RTSP/1.0 200 OK\r\nCSeq: 4\r\n\r\n"

    private func parser() -> RTSPMessageParser {
        var parser = RTSPMessageParser(limits: .client)
        parser.negotiatedChannels = [0, 1, 2, 3]
        return parser
    }

    @Test("G1 garbage between frames is skipped to the next plausible frame")
    func garbageBetweenFrames() throws {
        var parser = parser()
        var buffer = frame(0, length: 40)
        // A `$` on a channel nobody asked for, one with no room for a header, one that is not version 2.
        let garbage: [UInt8] = [7, 9] + [0x24, 9, 0, 40, 0x80] + [0x24, 0, 0, 2, 0x80] + [0x24, 0, 0, 40, 0x00]
        buffer.writeBytes(garbage)
        buffer.writeImmutableBuffer(frame(2, length: 60))
        let messages = try parser.all(in: &buffer)
        #expect(messages.map { $0.interleaved?.channel } == [0, 2])
        #expect(parser.discardedBytes == garbage.count)
    }

    @Test("G1 after garbage an RTSP message is found too")
    func garbageBeforeText() throws {
        var parser = parser()
        var buffer = ByteBuffer(bytes: [1, 2, 3])
        buffer.writeString(answer)
        #expect(try parser.all(in: &buffer).first?.response?.status == .ok)
    }

    @Test("G1 the limit is for one stretch of garbage: a message in between starts the count anew")
    func limitIsPerStretch() throws {
        var parser = parser()
        for _ in 0..<3 {
            var buffer = ByteBuffer(repeating: 0xAA, count: 4000)
            buffer.writeImmutableBuffer(frame(0, length: 12))
            #expect(try parser.all(in: &buffer).count == 1)
        }
        #expect(parser.discardedBytes == 12_000)
    }

    @Test("G2 a response in the middle of frames is read")
    func responseBetweenFrames() throws {
        var parser = parser()
        var buffer = frame(0, length: 1000)
        buffer.writeString(answer)
        buffer.writeImmutableBuffer(frame(1, length: 28, second: 200))
        let messages = try parser.all(in: &buffer)
        #expect(messages.count == 3)
        #expect(messages[1].response?.headers.cSeq == "4")
    }

    @Test("G3 frames of 0 to 65535 bytes are slices of the buffer", arguments: [0, 1, 1500, 65_535])
    func slices(length: Int) throws {
        var parser = parser()
        var buffer = frame(0, length: length)
        let whole = buffer
        let frame = try #require(try parser.next(&buffer)?.interleaved)
        #expect(frame.payload.readableBytes == length)
        let isShared = whole.withUnsafeReadableBytes { whole in
            frame.payload.withUnsafeReadableBytes { part in
                part.isEmpty || whole.baseAddress.map { $0 + 4 } == part.baseAddress
            }
        }
        #expect(isShared)
    }

    @Test("G4 a frame on a channel that was never set up is handed over whole and the stream stays in step")
    func unknownChannel() throws {
        var parser = parser()
        var buffer = frame(77, length: 30)
        buffer.writeImmutableBuffer(frame(0, length: 30))
        #expect(try parser.all(in: &buffer).map { $0.interleaved?.channel } == [77, 0])
        #expect(parser.discardedBytes == 0)
    }

    @Test(
        "G5 RTCP is known by its packet type, whatever its channel",
        arguments: [
            (UInt8(200), true), (206, true), (207, true), (96, false), (224, false), (199, false),
        ])
    func rtcpByContent(type: UInt8, isRTCP: Bool) throws {
        var parser = parser()
        var buffer = frame(0, length: 28, second: type)
        #expect(try parser.next(&buffer)?.interleaved?.holdsRTCP == isRTCP)
    }

    @Test("G6 many frames in one read and one frame over many reads are the same frames")
    func segmentation() throws {
        var stream = ByteBuffer()
        for index in 0..<50 { stream.writeImmutableBuffer(frame(UInt8(index % 4), length: index * 7)) }
        var whole = stream
        var parser = parser()
        let expected = try parser.all(in: &whole)
        #expect(expected.count == 50)
        for size in [1, 2, 3, 4, 5, 77] {
            var parser = self.parser()
            var rest = stream
            var buffer = ByteBuffer()
            var messages: [RTSPMessage] = []
            while rest.readableBytes > 0 {
                let piece = rest.readSlice(length: min(size, rest.readableBytes))
                buffer.writeImmutableBuffer(piece ?? ByteBuffer())
                messages += try parser.all(in: &buffer)
            }
            #expect(messages == expected)
        }
    }

    @Test("a frame read past the parser is the one the parser finds, and takes as many bytes")
    func readingDirectly() throws {
        for (length, tail) in [(0, "$"), (1, "R"), (12, ""), (65_535, "\r\n")] {
            var buffer = frame(3, length: length)
            buffer.writeString(tail)
            var same = buffer
            var parser = parser()
            let expected = try parser.next(&same)?.interleaved
            #expect(expected != nil && InterleavedFrame(readingFrom: &buffer) == expected)
            #expect(buffer == same && parser.isBetweenMessages)
        }
        for other in ["", "$", "$\0\0", "$\0\0\u{1}", "RTSP", "\r\n$\0\0\0"] {
            var buffer = ByteBuffer(string: other)
            #expect(InterleavedFrame(readingFrom: &buffer) == nil)
            #expect(buffer == ByteBuffer(string: other))
        }
    }

    @Test("a frame cut anywhere is put together, and what follows it stays where it is")
    func puttingTogether() throws {
        let whole = frame(2, length: 30)
        let next = frame(1, length: 5)
        for cut in 1..<whole.readableBytes {
            let beginning = try #require(whole.getSlice(at: 0, length: cut))
            var rest = try #require(whole.getSlice(at: cut, length: whole.readableBytes - cut))
            var short = try #require(rest.getSlice(at: rest.readerIndex, length: rest.readableBytes - 1))
            let kept = short
            #expect(InterleavedFrame(beginning: beginning, continuedIn: &short) == nil)
            #expect(short == kept)
            rest.writeImmutableBuffer(next)
            let put = try #require(InterleavedFrame(beginning: beginning, continuedIn: &rest))
            #expect(put.channel == 2 && put.payload == whole.getSlice(at: 4, length: 30))
            #expect(rest == next)
        }
        var rest = next
        #expect(InterleavedFrame(beginning: ByteBuffer(string: "RTSP"), continuedIn: &rest) == nil)
        #expect(rest == next)
    }

    @Test("a parser in the midst of a message, or behind garbage, is not between messages")
    func betweenMessages() throws {
        for beginning in ["RTSP/1.0 200 OK\r\n", "RTSP/1.0 200 OK\r\nContent-Length: 9\r\n\r\n1234", "\u{1}"] {
            var parser = parser()
            #expect(parser.isBetweenMessages)
            var buffer = ByteBuffer(string: beginning)
            #expect(try parser.next(&buffer) == nil)
            #expect(!parser.isBetweenMessages)
        }
    }

    @Test("G8 RTCP longer than a datagram is one frame like any other")
    func longRTCP() throws {
        var parser = parser()
        var buffer = frame(1, length: 2000, second: 200)
        buffer.writeImmutableBuffer(frame(0, length: 20))
        let messages = try parser.all(in: &buffer)
        #expect(messages.first?.interleaved?.holdsRTCP == true)
        #expect(messages.map { $0.interleaved?.payload.readableBytes } == [2000, 20])
    }

    @Test("F11 frames before the answer to PLAY are read, channels known or not")
    func framesBeforeAnswer() throws {
        var parser = RTSPMessageParser(limits: .client)
        var buffer = frame(0, length: 100)
        buffer.writeString(answer)
        #expect(try parser.all(in: &buffer).count == 2)
    }

    @Test("a channel set holds what was put in", arguments: [0, 63, 64, 127, 128, 191, 192, 255] as [UInt8])
    func channelSet(channel: UInt8) {
        var set = ChannelSet()
        #expect(set.isEmpty)
        set.insert(channel)
        #expect((0...255).filter { set.contains(UInt8($0)) } == [Int(channel)])
        #expect(!set.isEmpty && set == [channel] && set != ChannelSet())
    }
}
