import NIOCore
import RTSP

/// A still picture of a stream, or why there is none.
package enum SnapshotResult: Sendable {
    /// A JPEG file, when it was taken, and how many seconds ago that is; the tag is another for every other picture and size.
    case picture(ByteBuffer, tag: String, taken: HTTPDate, age: Int64)
    case notFound
    /// There is no picture now: 503 with the reason.
    case unavailable(String)
    /// The stream has no pictures that can be decoded: 415 with the reason.
    case unsupported(String)
}
