import NIOCore

@testable import RTSP

extension RTSPMessageParser {
    /// Every message that is complete in `buffer`.
    mutating func all(in buffer: inout ByteBuffer) throws -> [RTSPMessage] {
        var messages: [RTSPMessage] = []
        while let message = try next(&buffer) { messages.append(message) }
        return messages
    }
}

/// What a camera's bytes are read as by a client, in one piece.
func fromCamera(_ text: String, channels: ChannelSet = [0, 1]) throws -> [RTSPMessage] {
    var parser = RTSPMessageParser(limits: .client)
    parser.negotiatedChannels = channels
    var buffer = ByteBuffer(string: text)
    return try parser.all(in: &buffer)
}

/// What a client's bytes are read as by a server, in one piece.
func fromClient(_ text: String) throws -> [RTSPMessage] {
    var parser = RTSPMessageParser(limits: .server)
    var buffer = ByteBuffer(string: text)
    return try parser.all(in: &buffer)
}

/// The error a client's bytes cause in a server.
func refusal(of text: String) -> RTSPParsingError? {
    do {
        _ = try fromClient(text)
        return nil
    } catch {
        return error as? RTSPParsingError
    }
}

/// `$` channel length payload, the payload RTP-like and of that length.
func frame(_ channel: UInt8, length: Int, second: UInt8 = 96) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.writeMultipleIntegers(UInt8(ascii: "$"), channel, UInt16(length))
    buffer.writeBytes((0..<length).map { $0 == 0 ? 0x80 : $0 == 1 ? second : UInt8(truncatingIfNeeded: $0) })
    return buffer
}

extension RTSPMessage {
    var request: RTSPRequest? {
        if case .request(let request) = self { request } else { nil }
    }

    var response: RTSPResponse? {
        if case .response(let response) = self { response } else { nil }
    }

    var interleaved: InterleavedFrame? {
        if case .interleaved(let frame) = self { frame } else { nil }
    }
}
