import NIOCore

/// What every entry for pictures says (ISO/IEC 14496-12 §12.1.3).
package struct PictureDescription: Sendable, Hashable {
    /// Of its fields, in bytes.
    static let length = 70

    /// In pixels.
    package let width: Int
    package let height: Int
}

extension SampleDescription {
    /// `nil` where the entry is too short to be one of pictures.
    package var picture: PictureDescription? {
        guard body.readableBytes >= PictureDescription.length, let width: UInt16 = body.getInteger(at: 16),
            let height: UInt16 = body.getInteger(at: 18)
        else { return nil }
        return PictureDescription(width: Int(width), height: Int(height))
    }
}
