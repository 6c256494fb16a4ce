import CLibAV
import CLibAVShim

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A file that libavformat has opened, and the one packet it is read through; closed together.
final class MovieContainer {
    /// What libavformat's interrupt callback is given.
    private final class Interruption {
        let isWanted: () -> Bool

        init(_ isWanted: @escaping () -> Bool) {
            self.isWanted = isWanted
        }
    }

    /// Worded to follow "cannot".
    let attempt: String
    private let interruption: Interruption
    private let packet: UnsafeMutablePointer<AVPacket>
    private(set) var context: UnsafeMutablePointer<AVFormatContext>?

    /// The containers of movies, as libavformat calls them. Its other formats follow what they read to other files and machines.
    private static let formats = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,mpegts,mpeg,aac,wav,h264,hevc"
    /// What libav may allocate in one piece, in the whole process: the index of a movie of days, not a packet of gigabytes.
    private static let boundMemory: Void = av_max_alloc(256 << 20)

    /// Opens a regular file and looks into it; `isWanted` is asked meanwhile, and ends it where it says no.
    init(path: String, isWanted: @escaping () -> Bool) throws(LibAVError) {
        LibAVLog.beQuiet()
        _ = Self.boundMemory
        attempt = "play \(path)"
        interruption = Interruption(isWanted)
        try Self.expectFile(path, attempt)
        guard let packet = av_packet_alloc() else { throw LibAVError(attempt, because: "out of memory") }
        // From here on deinit frees it, also when this initializer throws.
        self.packet = packet
        guard let context = avformat_alloc_context() else { throw LibAVError(attempt, because: "out of memory") }
        context.pointee.interrupt_callback = AVIOInterruptCB(
            callback: { opaque in
                guard let opaque else { return 0 }
                return Unmanaged<Interruption>.fromOpaque(opaque).takeUnretainedValue().isWanted() ? 0 : 1
            }, opaque: Unmanaged.passUnretained(interruption).toOpaque())
        self.context = context
        var options: OpaquePointer?
        defer { av_dict_free(&options) }
        av_dict_set(&options, "protocol_whitelist", "file", 0)
        av_dict_set(&options, "format_whitelist", Self.formats, 0)
        // Where it fails libavformat frees the context. Without the scheme a name such as "concat:x" would be one.
        let opened = avformat_open_input(&self.context, "file:\(path)", nil, &options)
        // What it says of a format that is not on the list.
        guard opened != -EINVAL else { throw LibAVError(attempt, because: "its container is not one of movies") }
        guard opened >= 0 else { throw LibAVError(attempt, code: opened) }
        let understood = avformat_find_stream_info(self.context, nil)
        guard understood >= 0 else { throw LibAVError(attempt, code: understood) }
    }

    deinit {
        avformat_close_input(&context)
        var packet: UnsafeMutablePointer<AVPacket>? = packet
        av_packet_free(&packet)
    }

    /// The elementary streams, in the order of the file.
    var streams: [UnsafeMutablePointer<AVStream>] {
        guard let context else { return [] }
        return (0..<Int(context.pointee.nb_streams)).compactMap { context.pointee.streams?[$0] }
    }

    /// Gives the next packet to `body`, valid until it returns; `false` at the end of the file.
    func read(_ body: (borrowing AVPacket) -> Void) throws(LibAVError) -> Bool {
        let result = av_read_frame(context, packet)
        if result == heliograph_AVERROR_EOF { return false }
        guard result >= 0 else { throw LibAVError(attempt, code: result) }
        defer { av_packet_unref(packet) }
        body(packet.pointee)
        return true
    }

    /// Goes to the key frame at or before a time, in microseconds; `false` where the file does not let itself be searched.
    func seek(to microseconds: Int64) -> Bool {
        av_seek_frame(context, -1, microseconds, AVSEEK_FLAG_BACKWARD) >= 0
    }

    /// A pipe without a writer would hold the thread for ever, and a device has no end.
    private static func expectFile(_ path: String, _ attempt: String) throws(LibAVError) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw LibAVError(attempt, because: String(cString: strerror(errno)).lowercased())
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw LibAVError(attempt, because: "it is not a file") }
    }
}
