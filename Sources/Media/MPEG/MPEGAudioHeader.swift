/// The header of each frame of MPEG audio: layers I, II and III, which is MP3 (ISO/IEC 11172-3 §2.4.1.3, 13818-3 §2.4.1.3).
///
/// ```
/// | 11111111 111 | version 2 | layer 2 | protection 1 | bit rate 4 | sample rate 2 | padding 1 | … 9 |
/// ```
package struct MPEGAudioHeader: Sendable, Hashable {
    /// Bytes of a header.
    package static let length = 4

    /// 1, 2 or 3.
    package var layer: Int
    /// In Hz.
    package var sampleRate: Int
    /// Of one channel, in each frame.
    package var samplesPerFrame: Int
    /// 1 or 2.
    package var channels: Int
    /// Bytes of header and frame together; `nil` where the bit rate is free, and only the next header tells.
    package var frameLength: Int?

    /// Reads the four bytes of a header, first byte highest; `nil` for anything else, and for reserved values.
    package init?(_ header: UInt32) {
        guard header >> 21 == 0x7FF else { return nil }
        let version = Int(header >> 19 & 3)
        let layerBits = Int(header >> 17 & 3)
        let bitRateIndex = Int(header >> 12 & 15)
        let rateIndex = Int(header >> 10 & 3)
        guard version != 1, layerBits != 0, bitRateIndex != 15, rateIndex != 3 else { return nil }
        layer = 4 - layerBits
        let isFirstVersion = version == 3
        // Version 2 halves the rates of version 1, and 2.5 those of version 2.
        sampleRate = [44_100, 48_000, 32_000][rateIndex] >> (isFirstVersion ? 0 : version == 2 ? 1 : 2)
        samplesPerFrame = layer == 1 ? 384 : layer == 3 && !isFirstVersion ? 576 : 1152
        channels = header >> 6 & 3 == 3 ? 1 : 2
        guard bitRateIndex > 0 else { return }
        let table = isFirstVersion ? Self.bitRates[layer - 1] : Self.halfRateBitRates[layer == 1 ? 0 : 1]
        let slot = layer == 1 ? 4 : 1
        let padding = Int(header >> 9 & 1)
        frameLength = (samplesPerFrame / 8 / slot * table[bitRateIndex - 1] * 1000 / sampleRate + padding) * slot
    }

    /// In kbit/s, by layer and index (from 1).
    private static let bitRates = [
        [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
        [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
        [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    ]
    /// Of versions 2 and 2.5: of layer I, and of the others.
    private static let halfRateBitRates = [
        [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
        [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ]
}
