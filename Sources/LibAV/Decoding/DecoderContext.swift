import CLibAV
import CLibAVShim
import NIOCore

/// An opened libavcodec decoder, with the packet it is given and the frame it hands over; freed together.
final class DecoderContext {
    /// The decoder's name in libavcodec, for error texts: `h264`.
    let name: String
    private let context: UnsafeMutablePointer<AVCodecContext>
    private let packet: UnsafeMutablePointer<AVPacket>
    private let frame: MediaFrame

    /// Opens libavcodec's first decoder for `id`, on the caller's thread alone; `configure` sets the fields of the context.
    init(_ id: AVCodecID, configure: (inout AVCodecContext) -> Void = { _ in }) throws(LibAVError) {
        LibAVLog.beQuiet()
        let codecName = String(cString: avcodec_get_name(id))
        guard let codec = avcodec_find_decoder(id) else {
            throw LibAVError(
                "decode \(codecName)",
                because: "this libavcodec has no decoder for it; install one that has (Debian: libavcodec59)")
        }
        name = String(cString: codec.pointee.name)
        frame = try MediaFrame("open the decoder \(name)")
        guard let context = avcodec_alloc_context3(codec) else {
            throw LibAVError("open the decoder \(name)", because: "out of memory")
        }
        guard let packet = av_packet_alloc() else {
            Self.free(context)
            throw LibAVError("open the decoder \(name)", because: "out of memory")
        }
        // From here on deinit frees both, also when this initializer throws.
        self.context = context
        self.packet = packet
        context.pointee.thread_count = 1
        configure(&context.pointee)
        let opened = avcodec_open2(context, codec, nil)
        guard opened >= 0 else { throw LibAVError("open the decoder \(name)", code: opened) }
    }

    deinit {
        var packet: UnsafeMutablePointer<AVPacket>? = packet
        av_packet_free(&packet)
        Self.free(context)
    }

    /// Decodes and gives every frame that is ready to `body`, valid until it returns.
    func decode(
        _ bytes: ByteBuffer, _ body: (UnsafeMutablePointer<AVFrame>) throws(LibAVError) -> Void
    ) throws(LibAVError) {
        // A copy with the zeros behind it that decoders read into.
        let made = av_new_packet(packet, Int32(clamping: bytes.readableBytes))
        guard made >= 0, let start = packet.pointee.data else {
            throw LibAVError("decode \(bytes.readableBytes) bytes with \(name)", code: made)
        }
        bytes.withUnsafeReadableBytes { UnsafeMutableRawPointer(start).copyMemory(from: $0) }
        packet.pointee.flags |= AV_PKT_FLAG_KEY
        let sent = avcodec_send_packet(context, packet)
        av_packet_unref(packet)
        guard sent >= 0 else { throw LibAVError("decode a packet with \(name)", code: sent) }
        try receive(body)
    }

    /// Gives the frames that were held back to `body`; nothing more is to be decoded after that.
    func finish(_ body: (UnsafeMutablePointer<AVFrame>) throws(LibAVError) -> Void) throws(LibAVError) {
        let sent = avcodec_send_packet(context, nil)
        guard sent >= 0 else { throw LibAVError("decode the last packet with \(name)", code: sent) }
        try receive(body)
    }

    private func receive(_ body: (UnsafeMutablePointer<AVFrame>) throws(LibAVError) -> Void) throws(LibAVError) {
        while true {
            let received = avcodec_receive_frame(context, frame.pointer)
            if received == heliograph_AVERROR_EAGAIN || received == heliograph_AVERROR_EOF { return }
            guard received >= 0 else { throw LibAVError("take a frame from \(name)", code: received) }
            defer { av_frame_unref(frame.pointer) }
            try body(frame.pointer)
        }
    }

    private static func free(_ context: UnsafeMutablePointer<AVCodecContext>) {
        var context: UnsafeMutablePointer<AVCodecContext>? = context
        avcodec_free_context(&context)
    }
}

extension UnsafeMutableRawPointer {
    fileprivate func copyMemory(from bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        copyMemory(from: start, byteCount: bytes.count)
    }
}
