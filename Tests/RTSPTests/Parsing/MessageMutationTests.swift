import NIOCore
import Testing

@testable import RTSP

@Suite("Mutated messages")
struct MessageMutationTests {
    @Test("neither trap nor grow, and give the same in one piece and in small ones", arguments: [true, false])
    func mutations(isCamera: Bool) {
        let samples = isCamera ? DripFeedTests.fromCameras : DripFeedTests.fromClients
        let limits = isCamera ? RTSPMessageLimits.client : .server
        var generator = SeededGenerator(seed: isCamera ? 2326 : 7826)
        for _ in 0..<400 {
            for sample in samples {
                let bytes = mutated(Array(sample.utf8), by: &generator)
                let whole = read(bytes, pieceLength: bytes.count, limits)
                let pieces = read(bytes, pieceLength: 3, limits)
                #expect(whole.messages == pieces.messages, "\(String(decoding: bytes, as: UTF8.self).debugDescription)")
                #expect(whole.cause == pieces.cause)
                #expect(whole.discarded <= bytes.count && whole.messages.count <= bytes.count)
            }
        }
    }

    private func read(
        _ bytes: [UInt8],
        pieceLength: Int,
        _ limits: RTSPMessageLimits
    ) -> (messages: [RTSPMessage], cause: RTSPParsingError.Cause?, discarded: Int) {
        var parser = RTSPMessageParser(limits: limits)
        parser.negotiatedChannels = [0, 1]
        var buffer = ByteBuffer()
        var messages: [RTSPMessage] = []
        for start in stride(from: 0, to: bytes.count, by: max(pieceLength, 1)) {
            buffer.writeBytes(bytes[start...].prefix(pieceLength))
            do throws(RTSPParsingError) {
                while let message = try parser.next(&buffer) { messages.append(message) }
            } catch {
                return (messages, error.cause, parser.discardedBytes)
            }
        }
        return (messages, nil, parser.discardedBytes)
    }
}
