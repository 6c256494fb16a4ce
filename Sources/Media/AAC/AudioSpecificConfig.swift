/// The AudioSpecificConfig of ISO/IEC 14496-3 §1.6.2.1, as far as a relay needs it.
///
/// ```
/// | objectType 5 | frequencyIndex 4 | channelConfiguration 4 | 000 |        the two bytes nearly everyone sends
/// | 11111 | objectType − 32: 6 |  frequencyIndex 15 → frequency 24 | …      the long forms
/// ```
package struct AudioSpecificConfig: Sendable, Hashable {
    /// `audioObjectType`: 2 is AAC-LC, 5 SBR, 29 parametric stereo.
    package var objectType: UInt8
    /// Samples per second of the core coder.
    package var sampleRate: Int
    /// Output channels; `nil` where a program config element tells instead (channel configuration 0).
    package var channels: Int?
    /// Samples per second after spectral band replication, where signalled explicitly.
    package var extensionSampleRate: Int?

    /// The object type of AAC-LC.
    package static let lowComplexity: UInt8 = 2

    /// Sampling frequency indices 0 to 12, in Hz.
    package static let sampleRates = [
        96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
    ]

    /// A configuration without spectral band replication.
    package init(objectType: UInt8 = lowComplexity, sampleRate: Int, channels: Int) {
        self.objectType = objectType
        self.sampleRate = sampleRate
        self.channels = channels
    }

    /// Parses the first fields; whatever follows them is ignored. `nil` if they are cut short or reserved.
    package init?(parsing bytes: [UInt8]) {
        var bits = BitReader(bytes)
        guard let parsed = try? Self(reading: &bits) else { return nil }
        self = parsed
    }

    private init(reading bits: inout BitReader) throws(BitReader.Exhausted) {
        objectType = try Self.readObjectType(&bits)
        sampleRate = try Self.readSampleRate(&bits)
        switch try bits.read(4) {
        case 0: channels = nil
        case let configuration where configuration <= 6: channels = Int(configuration)
        case 7: channels = 8
        case 11: channels = 7
        case 12, 14: channels = 8
        default: throw BitReader.Exhausted()
        }
        guard objectType == 5 || objectType == 29 else { return }
        extensionSampleRate = try Self.readSampleRate(&bits)
    }

    private static func readObjectType(_ bits: inout BitReader) throws(BitReader.Exhausted) -> UInt8 {
        var type = try bits.read(5)
        if type == 31 { type = 32 + (try bits.read(6)) }
        guard type != 0 else { throw BitReader.Exhausted() }
        return UInt8(truncatingIfNeeded: type)
    }

    private static func readSampleRate(_ bits: inout BitReader) throws(BitReader.Exhausted) -> Int {
        let index = Int(try bits.read(4))
        if index == 15 {
            let rate = Int(try bits.read(24))
            guard rate > 0 else { throw BitReader.Exhausted() }
            return rate
        }
        guard index < sampleRates.count else { throw BitReader.Exhausted() }
        return sampleRates[index]
    }

    /// The form of two bytes (five, for a sampling rate outside the table), which names the core coder only:
    /// decoders find spectral band replication by themselves. `nil` for what that form cannot say.
    package var serialized: [UInt8]? {
        guard (1..<31).contains(objectType), objectType != 5, objectType != 29 else { return nil }
        let configuration: UInt64
        switch channels {
        case .none: configuration = 0
        case .some(let count) where (1...6).contains(count): configuration = UInt64(count)
        case .some(8): configuration = 7
        case .some: return nil
        }
        if let index = Self.sampleRates.firstIndex(of: sampleRate) {
            let fields = UInt64(objectType) << 11 | UInt64(index) << 7 | configuration << 3
            return [UInt8(truncatingIfNeeded: fields >> 8), UInt8(truncatingIfNeeded: fields)]
        }
        guard (1...0xFF_FFFF).contains(sampleRate) else { return nil }
        let fields = UInt64(objectType) << 35 | 15 << 31 | UInt64(sampleRate) << 7 | configuration << 3
        return stride(from: UInt64(32), through: 0, by: -8).map { UInt8(truncatingIfNeeded: fields >> $0) }
    }
}
