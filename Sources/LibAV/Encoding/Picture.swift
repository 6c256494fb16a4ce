import CLibAV

/// One picture in memory of its own: YUV 4:2:0, 8 bits, limited range, BT.709.
///
/// ```
/// luma  Y   width   × height       one byte per pixel
/// blue  Cb  width/2 × height/2     one byte per 2 × 2 pixels
/// red   Cr  width/2 × height/2
/// ```
/// Rows of a plane are `stride` bytes apart, which is at least the row's width.
package struct Picture: ~Copyable {
    /// A plane of the picture.
    package enum Plane: Int, Sendable, CaseIterable {
        case luma
        case blue
        case red
    }

    /// Width in pixels, even.
    package let width: Int
    /// Height in pixels, even.
    package let height: Int
    let frame: UnsafeMutablePointer<AVFrame>

    /// A picture of undefined content; throws where a side is odd or not within 16–8192.
    package init(width: Int, height: Int) throws(LibAVError) {
        let attempt = "make a picture of \(width)x\(height)"
        guard (16...8192).contains(width), (16...8192).contains(height), width % 2 == 0, height % 2 == 0 else {
            throw LibAVError(attempt, because: "both sides must be even and within 16 to 8192 pixels")
        }
        guard let frame = av_frame_alloc() else { throw LibAVError(attempt, because: "out of memory") }
        frame.pointee.format = AV_PIX_FMT_YUV420P.rawValue
        frame.pointee.width = Int32(width)
        frame.pointee.height = Int32(height)
        frame.pointee.color_range = AVCOL_RANGE_MPEG
        let allocated = av_frame_get_buffer(frame, 0)
        guard allocated >= 0 else {
            Self.free(frame)
            throw LibAVError(attempt, code: allocated)
        }
        self.width = width
        self.height = height
        self.frame = frame
    }

    deinit {
        Self.free(frame)
    }

    /// Width and height of a plane, in its own samples.
    package func size(of plane: Plane) -> (width: Int, height: Int) {
        plane == .luma ? (width, height) : (width / 2, height / 2)
    }

    /// Reads a plane's rows, `stride` bytes apart.
    package func withPlane<Result>(
        _ plane: Plane, _ body: (_ bytes: UnsafeBufferPointer<UInt8>, _ stride: Int) -> Result
    ) -> Result {
        let (bytes, stride) = storage(of: plane)
        return body(UnsafeBufferPointer(bytes), stride)
    }

    /// Writes a plane's rows, `stride` bytes apart; throws where an encoder still holds the picture and memory for a
    /// copy is short.
    package mutating func withMutablePlane<Result>(
        _ plane: Plane, _ body: (_ bytes: UnsafeMutableBufferPointer<UInt8>, _ stride: Int) -> Result
    ) throws(LibAVError) -> Result {
        let writable = av_frame_make_writable(frame)
        guard writable >= 0 else { throw LibAVError("write to a picture", code: writable) }
        let (bytes, stride) = storage(of: plane)
        return body(bytes, stride)
    }

    private func storage(of plane: Plane) -> (UnsafeMutableBufferPointer<UInt8>, stride: Int) {
        let (starts, strides) = (frame.pointee.data, frame.pointee.linesize)
        let (start, stride) =
            switch plane {
            case .luma: (starts.0, Int(strides.0))
            case .blue: (starts.1, Int(strides.1))
            case .red: (starts.2, Int(strides.2))
            }
        return (UnsafeMutableBufferPointer(start: start, count: stride * size(of: plane).height), stride)
    }

    private static func free(_ frame: UnsafeMutablePointer<AVFrame>) {
        var frame: UnsafeMutablePointer<AVFrame>? = frame
        av_frame_free(&frame)
    }
}
