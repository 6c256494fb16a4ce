import CLibAV
import CLibAVShim

/// An opened libavcodec encoder and the one packet it hands its output over in; freed together.
///
/// The order libavcodec wants: send one frame, then receive until it asks for more (`AVERROR(EAGAIN)`).
final class EncoderContext {
    /// The encoder's name in libavcodec, for error texts: `libx264`.
    let name: String
    private let context: UnsafeMutablePointer<AVCodecContext>
    private let packet: UnsafeMutablePointer<AVPacket>

    /// Opens `codec`; `configure` sets the fields of the context, `options` the encoder's private options by name.
    init(
        _ codec: UnsafePointer<AVCodec>,
        options: KeyValuePairs<String, String>,
        configure: (inout AVCodecContext) -> Void
    ) throws(LibAVError) {
        LibAVLog.beQuiet()
        name = String(cString: codec.pointee.name)
        guard let context = avcodec_alloc_context3(codec) else {
            throw LibAVError("allocate the encoder \(name)", because: "out of memory")
        }
        guard let packet = av_packet_alloc() else {
            Self.free(context)
            throw LibAVError("allocate a packet for the encoder \(name)", because: "out of memory")
        }
        // From here on deinit frees both, also when this initializer throws.
        self.context = context
        self.packet = packet

        configure(&context.pointee)
        var dictionary: OpaquePointer?
        defer { av_dict_free(&dictionary) }
        for (key, value) in options {
            av_dict_set(&dictionary, key, value, 0)
        }
        let opened = avcodec_open2(context, codec, &dictionary)
        guard opened >= 0 else { throw LibAVError("open the encoder \(name)", code: opened) }
    }

    deinit {
        var packet: UnsafeMutablePointer<AVPacket>? = packet
        av_packet_free(&packet)
        Self.free(context)
    }

    /// Samples an audio encoder wants in each frame.
    var frameSize: Int { Int(context.pointee.frame_size) }

    /// The global header: parameter sets in Annex B, or an AudioSpecificConfig.
    var extradata: [UInt8] {
        guard let start = context.pointee.extradata, context.pointee.extradata_size > 0 else { return [] }
        return Array(UnsafeBufferPointer(start: start, count: Int(context.pointee.extradata_size)))
    }

    /// Sends one frame and gives every packet that is ready to `body`, valid until it returns.
    func encode(
        _ frame: UnsafePointer<AVFrame>,
        _ body: (_ bytes: UnsafeBufferPointer<UInt8>, _ packet: borrowing AVPacket) -> Void
    ) throws(LibAVError) {
        let sent = avcodec_send_frame(context, frame)
        guard sent >= 0 else { throw LibAVError("encode a frame with \(name)", code: sent) }
        while true {
            let received = avcodec_receive_packet(context, packet)
            if received == heliograph_AVERROR_EAGAIN || received == heliograph_AVERROR_EOF { return }
            guard received >= 0 else { throw LibAVError("take a packet from \(name)", code: received) }
            body(UnsafeBufferPointer(start: packet.pointee.data, count: Int(packet.pointee.size)), packet.pointee)
            av_packet_unref(packet)
        }
    }

    private static func free(_ context: UnsafeMutablePointer<AVCodecContext>) {
        var context: UnsafeMutablePointer<AVCodecContext>? = context
        avcodec_free_context(&context)
    }
}
