import CLibAV
import CLibAVShim
import Media
import NIOCore

/// Takes an MPEG transport stream (ISO/IEC 13818-1) apart with libavformat: bytes in, access units out.
///
/// Belongs to one thread, which its `read` blocks until there are bytes. What libavformat keeps is bounded: at most
/// `mostStreams` elementary streams, and what came without making an access unit ends it.
package final class TransportStreamReader {
    /// One picture, or one frame of sound.
    package struct Unit: Sendable {
        /// Place in the program as it was told last.
        package var stream: Int
        /// When it is shown, in 1/90000 s; only the low 33 bits mean something. `nil` where the stream does not tell.
        package var presentationTime: Int64?
        /// As the stream has it: Annex B, ADTS.
        package var bytes: ByteBuffer

        package init(stream: Int, presentationTime: Int64?, bytes: ByteBuffer) {
            self.stream = stream
            self.presentationTime = presentationTime
            self.bytes = bytes
        }
    }

    /// What comes next.
    package enum Event: Sendable {
        /// The elementary streams, which may become more; places stay, and what is none of the program's is `.other(nil)`.
        case program([Codec])
        case unit(Unit)
    }

    /// More elementary streams than this are not looked at.
    private static let mostStreams = 16
    /// Bytes without an access unit, after which the stream is given up.
    private static let mostUnused = 16 << 20
    /// What libavformat looks at first, in bytes: enough to tell packets of 188 bytes from others.
    private static let beginning: Int64 = 9400
    private static let bufferSize: Int32 = 65_536

    /// What libavformat's read callback is given.
    private final class Source {
        let read: (UnsafeMutableRawBufferPointer) -> Int
        var unused = 0

        init(_ read: @escaping (UnsafeMutableRawBufferPointer) -> Int) {
            self.read = read
        }

        func fill(_ bytes: UnsafeMutablePointer<UInt8>?, _ size: Int32) -> Int32 {
            guard let bytes, size > 0, unused < TransportStreamReader.mostUnused else { return heliograph_AVERROR_EOF }
            let count = read(UnsafeMutableRawBufferPointer(start: bytes, count: Int(size)))
            guard count > 0 else { return heliograph_AVERROR_EOF }
            unused += count
            return Int32(count)
        }
    }

    private let source: Source
    private var context: UnsafeMutablePointer<AVFormatContext>?
    private var input: UnsafeMutablePointer<AVIOContext>?
    private let packet: UnsafeMutablePointer<AVPacket>
    private var known: [Codec] = []
    private var waiting: Unit?

    /// `read` fills what it is given and says how much of it, or 0 at the end. Reads until the beginning is understood;
    /// throws where the bytes end before.
    package init(read: @escaping (UnsafeMutableRawBufferPointer) -> Int) throws(LibAVError) {
        LibAVLog.beQuiet()
        source = Source(read)
        guard let packet = av_packet_alloc() else {
            throw LibAVError("read a transport stream", because: "out of memory")
        }
        self.packet = packet
        guard let buffer = av_malloc(Int(Self.bufferSize)) else {
            throw LibAVError("read a transport stream", because: "out of memory")
        }
        input = avio_alloc_context(
            buffer.assumingMemoryBound(to: UInt8.self), Self.bufferSize, 0, Unmanaged.passUnretained(source).toOpaque(),
            { opaque, bytes, size in
                guard let opaque else { return heliograph_AVERROR_EOF }
                return Unmanaged<Source>.fromOpaque(opaque).takeUnretainedValue().fill(bytes, size)
            }, nil, nil)
        guard let input else {
            av_free(buffer)
            throw LibAVError("read a transport stream", because: "out of memory")
        }
        guard let context = avformat_alloc_context() else {
            throw LibAVError("read a transport stream", because: "out of memory")
        }
        context.pointee.pb = input
        context.pointee.max_streams = Int32(Self.mostStreams)
        context.pointee.probesize = Self.beginning
        context.pointee.flags |= AVFMT_FLAG_NOBUFFER
        self.context = context
        // Where it fails libavformat frees the context.
        let opened = avformat_open_input(&self.context, nil, av_find_input_format("mpegts"), nil)
        guard opened >= 0 else { throw LibAVError("read a transport stream", code: opened) }
    }

    deinit {
        avformat_close_input(&context)
        if let input {
            av_free(input.pointee.buffer)
            avio_context_free(&self.input)
        }
        var packet: UnsafeMutablePointer<AVPacket>? = packet
        av_packet_free(&packet)
    }

    /// Waits for the next; `nil` at the end of the bytes. Throws where nothing can be made of them any more.
    package func next() throws(LibAVError) -> Event? {
        if let unit = waiting.take() { return .unit(unit) }
        guard let context else { return nil }
        while true {
            let result = av_read_frame(context, packet)
            if result == heliograph_AVERROR_EOF {
                guard source.unused < Self.mostUnused else {
                    throw LibAVError("read a transport stream", because: "megabytes came without a picture or a sound")
                }
                return nil
            }
            guard result >= 0 else { throw LibAVError("read a transport stream", code: result) }
            defer { av_packet_unref(packet) }
            guard let unit = unit(in: context) else { continue }
            // What comes before the tables is guessed at by libavformat, and often wrong.
            let program = program(of: context)
            let picture = program.firstIndex { $0 == .h264 || $0 == .h265 }
            if picture == nil || picture == unit.stream { source.unused = 0 }
            keepOnly([picture, program.firstIndex(of: .aac)], in: context)
            guard program.contains(where: { $0 != .other(nil) }) else { continue }
            guard known == program else {
                known = program
                waiting = unit
                return .program(program)
            }
            return .unit(unit)
        }
    }

    /// Of all other streams libavformat collects nothing: it would keep bytes without end of one that never completes a unit.
    private func keepOnly(_ kept: [Int?], in context: UnsafeMutablePointer<AVFormatContext>) {
        guard kept.contains(where: { $0 != nil }) else { return }
        for index in 0..<Int(context.pointee.nb_streams) {
            context.pointee.streams?[index]?.pointee.discard = kept.contains(index) ? AVDISCARD_DEFAULT : AVDISCARD_ALL
        }
    }

    private func unit(in context: UnsafeMutablePointer<AVFormatContext>) -> Unit? {
        let index = Int(packet.pointee.stream_index)
        guard let start = packet.pointee.data, packet.pointee.size > 0,
            (0..<Int(context.pointee.nb_streams)).contains(index)
        else { return nil }
        let bytes = UnsafeBufferPointer(start: start, count: Int(packet.pointee.size))
        let times = [packet.pointee.pts, packet.pointee.dts]
        return Unit(
            stream: index, presentationTime: times.first { $0 != heliograph_AV_NOPTS_VALUE },
            bytes: ByteBuffer(bytes: bytes)
        )
    }

    /// The streams of the first program whose table has come.
    private func program(of context: UnsafeMutablePointer<AVFormatContext>) -> [Codec] {
        let programs = (0..<Int(context.pointee.nb_programs)).compactMap { context.pointee.programs?[$0]?.pointee }
        guard let first = programs.first(where: { $0.nb_stream_indexes > 0 }) else { return [] }
        let members = UnsafeBufferPointer(start: first.stream_index, count: Int(first.nb_stream_indexes)).map {
            Int($0)
        }
        return (0..<Int(context.pointee.nb_streams)).map { index in
            guard members.contains(index), let parameters = context.pointee.streams?[index]?.pointee.codecpar else {
                return .other(nil)
            }
            switch parameters.pointee.codec_id {
            case AV_CODEC_ID_NONE: return .other(nil)
            case AV_CODEC_ID_H264: return .h264
            case AV_CODEC_ID_HEVC: return .h265
            case AV_CODEC_ID_AAC: return .aac
            case let id: return .other(String(cString: avcodec_get_name(id)))
            }
        }
    }
}
