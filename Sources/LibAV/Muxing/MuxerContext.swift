import CLibAV
import CLibAVShim
import Media
import NIOCore

/// A container that libavformat writes into memory, and the one packet it is given; freed together.
final class MuxerContext {
    /// What libavformat's write callback is given.
    private final class Sink {
        var bytes = ByteBuffer()

        func take(_ start: UnsafePointer<UInt8>?, _ size: Int32) -> Int32 {
            bytes.writeBytes(UnsafeRawBufferPointer(start: start, count: Int(max(size, 0))))
            return size
        }
    }

    /// A track as libavformat counts its time.
    private struct Lane {
        let clockRate: Int32
        /// In libavformat's units for the track.
        var lastDecodeTime: Int64 = .min
        /// Of the first unit that libavformat was given, in the track's own clock.
        var beginning: Int64?
    }

    /// Bytes of units that are kept until they are flushed: a minute of 16 Mbit/s.
    private static let mostUnflushed = 128 << 20
    /// Times beyond are nonsense, and would overflow: hundreds of years, in libavformat's units.
    private static let largestTime: Int64 = 1 << 50
    private static let bufferSize: Int32 = 65_536

    /// Worded to follow "cannot".
    private let attempt: String
    /// Between two units of a track, in libavformat's units.
    private let longestGap: Int64
    private let sink = Sink()
    private let packet: UnsafeMutablePointer<AVPacket>
    private var context: UnsafeMutablePointer<AVFormatContext>?
    private var output: UnsafeMutablePointer<AVIOContext>?
    private var lanes: [Lane] = []
    private var unflushed = 0

    /// Writes the container's beginning; `header` has it, if there is any.
    ///
    /// `describe` tells libavformat of one track; `delay` is what it may add to the times, in microseconds; `longestGap`
    /// what it can tell between two units of a track, in its own units.
    init(
        _ format: String, _ attempt: String, tracks: [MuxedTrack], options: KeyValuePairs<String, String>,
        delay: Int32 = 0, longestGap: Int64 = .max,
        describe: (MuxedTrack, UnsafeMutablePointer<AVStream>) throws(LibAVError) -> Void
    ) throws(LibAVError) {
        LibAVLog.beQuiet()
        self.attempt = attempt
        self.longestGap = longestGap
        guard (1...16).contains(tracks.count) else { throw LibAVError(attempt, because: "it takes 1 to 16 tracks") }
        for track in tracks { try track.validate(attempt) }
        guard let packet = av_packet_alloc() else { throw LibAVError(attempt, because: "out of memory") }
        // From here on deinit frees it, and what follows, also when this initializer throws.
        self.packet = packet
        output = try makeOutput()
        let made = avformat_alloc_output_context2(&context, nil, format, nil)
        guard made >= 0, let context else { throw LibAVError(attempt, code: made) }
        context.pointee.pb = output
        // No filter of libavformat's own guess, no name of it in the file; times stay as they are.
        context.pointee.flags = AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_BITEXACT
        context.pointee.avoid_negative_ts = 0
        context.pointee.max_delay = delay
        for track in tracks {
            guard let stream = avformat_new_stream(context, nil) else {
                throw LibAVError(attempt, because: "out of memory")
            }
            try describe(track, stream)
            lanes.append(Lane(clockRate: Int32(track.clockRate)))
        }
        var dictionary: OpaquePointer?
        defer { av_dict_free(&dictionary) }
        for (key, value) in options { av_dict_set(&dictionary, key, value, 0) }
        let written = avformat_write_header(context, &dictionary)
        guard written >= 0 else { throw LibAVError(attempt, code: written) }
        avio_flush(output)
    }

    deinit {
        avformat_free_context(context)
        if let output {
            av_free(output.pointee.buffer)
            avio_context_free(&self.output)
        }
        var packet: UnsafeMutablePointer<AVPacket>? = packet
        av_packet_free(&packet)
    }

    private func makeOutput() throws(LibAVError) -> UnsafeMutablePointer<AVIOContext> {
        guard let buffer = av_malloc(Int(Self.bufferSize)) else { throw LibAVError(attempt, because: "out of memory") }
        let made = avio_alloc_context(
            buffer.assumingMemoryBound(to: UInt8.self), Self.bufferSize, 1, Unmanaged.passUnretained(sink).toOpaque(),
            nil,
            { opaque, bytes, size in
                guard let opaque else { return heliograph_AVERROR_EOF }
                return Unmanaged<Sink>.fromOpaque(opaque).takeUnretainedValue().take(bytes, size)
            }, nil)
        guard let made else {
            av_free(buffer)
            throw LibAVError(attempt, because: "out of memory")
        }
        return made
    }

    /// Gives libavformat one unit; its times are in the track's clock, `shift` in libavformat's units is added to them.
    ///
    /// A unit that is refused leaves everything as it was.
    func write(
        _ payload: ByteBuffer, _ unit: AccessUnit, duration: Int64, shift: Int64 = 0
    ) throws(LibAVError) {
        guard let context, lanes.indices.contains(unit.track), let stream = context.pointee.streams?[unit.track] else {
            throw LibAVError(attempt, because: "there is no track \(unit.track)")
        }
        guard unflushed + payload.readableBytes <= Self.mostUnflushed else {
            throw LibAVError(attempt, because: "\(Self.mostUnflushed >> 20) MiB came without a cut")
        }
        let lane = lanes[unit.track]
        let clock = AVRational(num: 1, den: lane.clockRate)
        let units = stream.pointee.time_base
        // With this rounding what cannot be said at all comes as the smallest number.
        let decodeTime = av_rescale_q(unit.decodeTime, clock, units)
        let shown = max(av_rescale_q(unit.presentationTime, clock, units), decodeTime)
        let length = av_rescale_q(max(duration, 0), clock, units)
        guard abs(decodeTime.clamped) < Self.largestTime, shown.clamped - decodeTime < Int64(Int32.max),
            (0..<Int64(Int32.max)).contains(length)
        else { throw LibAVError(attempt, because: "a time of track \(unit.track) is out of range") }
        guard decodeTime > lane.lastDecodeTime else {
            throw LibAVError(attempt, because: "a unit of track \(unit.track) does not follow the one before in time")
        }
        guard lane.beginning == nil || decodeTime - lane.lastDecodeTime < longestGap else {
            throw LibAVError(attempt, because: "a gap in track \(unit.track) is too long without a cut")
        }
        packet.pointee.stream_index = Int32(unit.track)
        packet.pointee.dts = decodeTime + shift
        packet.pointee.pts = shown + shift
        packet.pointee.duration = length
        packet.pointee.flags = unit.isRandomAccess ? AV_PKT_FLAG_KEY : 0
        let result = payload.withUnsafeReadableBytes { bytes in
            packet.pointee.data = UnsafeMutableRawPointer(mutating: bytes.baseAddress)?
                .assumingMemoryBound(to: UInt8.self)
            packet.pointee.size = Int32(bytes.count)
            defer { packet.pointee.data = nil }
            return av_write_frame(context, packet)
        }
        av_packet_unref(packet)
        guard result >= 0 else { throw LibAVError(attempt, code: result) }
        lanes[unit.track].lastDecodeTime = decodeTime
        if lane.beginning == nil { lanes[unit.track].beginning = unit.decodeTime }
        unflushed += payload.readableBytes
    }

    /// What came since the last flush, whole; `option` is set for what comes next.
    func flush(then option: (name: String, value: String)) throws(LibAVError) -> ByteBuffer {
        guard let context else { return ByteBuffer() }
        // One allocation: the tables before and between are a few per cent.
        sink.bytes.reserveCapacity(unflushed + unflushed / 16 + Int(Self.bufferSize))
        let result = av_write_frame(context, nil)
        avio_flush(output)
        guard result >= 0 else { throw LibAVError(attempt, code: result) }
        unflushed = 0
        _ = av_opt_set(context.pointee.priv_data, option.name, option.value, 0)
        return takeBytes()
    }

    /// What libavformat has put out already.
    func takeBytes() -> ByteBuffer {
        defer { sink.bytes = ByteBuffer() }
        return sink.bytes
    }

    /// Whether nothing came since the last flush.
    var isEmpty: Bool { unflushed == 0 }

    /// How far a unit lies behind the first one of its track, in seconds; 0 for the first.
    func age(of unit: AccessUnit) -> Int64 {
        guard lanes.indices.contains(unit.track), let beginning = lanes[unit.track].beginning else { return 0 }
        return (unit.decodeTime.clamped - beginning) / Int64(lanes[unit.track].clockRate)
    }

    /// Takes no unit that does not follow those of another one, of the same tracks.
    func follow(_ other: MuxerContext) {
        for index in lanes.indices { lanes[index].lastDecodeTime = other.lanes[index].lastDecodeTime }
    }
}

extension Int64 {
    /// Far from the ends, so that it can be reckoned with.
    fileprivate var clamped: Int64 { Swift.min(Swift.max(self, -1 << 62), 1 << 62) }
}

extension ByteBuffer {
    /// Refuses what is no frame of sound, before libavformat looks into it.
    func expectSound(of codec: Codec, _ attempt: String) throws(LibAVError) {
        guard (2...65_536).contains(readableBytes) else {
            throw LibAVError(attempt, because: "a frame of sound of \(readableBytes) bytes is none")
        }
        // libavformat would take it for one with an ADTS header; a raw frame that begins so ends at once.
        guard codec != .aac || getInteger(at: readerIndex, as: UInt8.self) != 0xFF else {
            throw LibAVError(attempt, because: "a frame of AAC begins as none does")
        }
    }
}
