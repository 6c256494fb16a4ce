import NIOCore

/// The built-in camera: a moving picture, encoded here, for trying the relay without a device at hand.
package struct TestCameraConfiguration: Sendable, Equatable {
    /// Pixels, even.
    package var width: Int
    /// Pixels, even.
    package var height: Int
    /// Pictures a second.
    package var frameRate: Int
    /// The time from one key frame to the next.
    package var keyFrameInterval: TimeAmount
    /// Bits a second.
    package var bitRate: Int

    package init(
        width: Int = 1280,
        height: Int = 720,
        frameRate: Int = 25,
        keyFrameInterval: TimeAmount = .seconds(2),
        bitRate: Int = 2_000_000
    ) {
        self.width = width
        self.height = height
        self.frameRate = frameRate
        self.keyFrameInterval = keyFrameInterval
        self.bitRate = bitRate
    }
}
