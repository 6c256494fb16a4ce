import CZlib
import NIOCore

/// The gzip format (RFC 1952), and who takes it.
enum Gzip {
    /// 15 bits of window, and 16 more for the header and the sum of gzip (zlib.h).
    private static let window: Int32 = 15 + 16

    /// Whether who sends these `Accept-Encoding` fields takes it (RFC 9110 §12.5.3).
    static func isAccepted(by fields: [String]) -> Bool {
        var others: Bool?
        for field in fields {
            for item in field.split(separator: ",") {
                let words = item.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
                guard let name = words.first else { continue }
                let isRefused = words.dropFirst().contains { word in
                    word.hasPrefix("q=") && word.dropFirst(2).allSatisfy { $0 == "0" || $0 == "." }
                }
                if name == "gzip" || name == "x-gzip" { return !isRefused }
                if name == "*" { others = !isRefused }
            }
        }
        return others ?? false
    }

    /// `nil` where there is no memory for it. To be called where it may take some 50 µs.
    static func compressed(_ text: ByteBuffer) -> ByteBuffer? {
        var stream = z_stream()
        let size = Int32(MemoryLayout<z_stream>.size)
        guard
            deflateInit2_(
                &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size) == Z_OK
        else { return nil }
        defer { deflateEnd(&stream) }
        let bound = Int(deflateBound(&stream, uLong(text.readableBytes)))
        var output = ByteBufferAllocator().buffer(capacity: bound)
        var input = text
        let isWhole = input.readWithUnsafeMutableReadableBytes { bytes in
            stream.next_in = bytes.bindMemory(to: UInt8.self).baseAddress
            stream.avail_in = uInt(bytes.count)
            var isWhole = false
            output.writeWithUnsafeMutableBytes(minimumWritableBytes: bound) { room in
                stream.next_out = room.bindMemory(to: UInt8.self).baseAddress
                stream.avail_out = uInt(room.count)
                isWhole = deflate(&stream, Z_FINISH) == Z_STREAM_END
                return room.count - Int(stream.avail_out)
            }
            return (bytes.count, isWhole)
        }
        return isWhole ? output : nil
    }
}
