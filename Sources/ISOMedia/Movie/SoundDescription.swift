import NIOCore

/// What every entry for sound says (ISO/IEC 14496-12 §12.2.3; QTFF, "Sound Sample Descriptions").
///
/// ```
/// version: 16 │ revision: 16 │ vendor: 32 │ channels: 16 │ bits: 16 │ compression: 16 │ 0: 16 │ rate: 16.16
/// version 1:  │ samples in a packet: 32 │ bytes in a packet, of a channel: 32 │ bytes in a frame: 32 │ bytes in a sample: 32
/// version 2:  │ length: 32 │ rate: double │ channels: 32 │ …: 32 │ bits: 32 │ flags: 32 │ bytes in a packet: 32 │ frames in it: 32
/// ```
package struct SoundDescription: Sendable, Hashable {
    static let shortLength = 20

    package let channels: Int
    /// Samples a second; 0 where it does not say.
    package let rate: Double
    /// Of a sample that is not compressed.
    package let bits: Int
    /// Of these fields, in bytes.
    package let length: Int
    /// What `stsz` counts where it says that each sample is one byte.
    let packing: SizeTable.Packing?
}

extension SampleDescription {
    /// `nil` where the entry is too short to be one of sound.
    package var sound: SoundDescription? {
        guard let version: UInt16 = body.getInteger(at: 0), let channels: UInt16 = body.getInteger(at: 8),
            let bits: UInt16 = body.getInteger(at: 10), let rate: UInt32 = body.getInteger(at: 16)
        else { return nil }
        switch version {
        case 1 where isQuickTime && body.readableBytes >= 36:
            let samples = Int(body.getInteger(at: 20, as: UInt32.self) ?? 0)
            let bytes = Int(body.getInteger(at: 28, as: UInt32.self) ?? 0)
            return SoundDescription(
                channels: Int(channels), rate: Double(rate) / 65_536, bits: Int(bits), length: 36,
                packing: packing(samples: samples, bytes: bytes))
        case 2 where isQuickTime && body.readableBytes >= 56:
            return longSound
        default:
            let width = numberWidth ?? Int(bits) / 8
            return SoundDescription(
                channels: Int(channels), rate: Double(rate) / 65_536, bits: Int(bits), length: 20,
                packing: isUncompressed ? packing(samples: 1, bytes: Int(channels) * width) : nil)
        }
    }

    private var longSound: SoundDescription? {
        guard let rate: UInt64 = body.getInteger(at: 24), let channels: UInt32 = body.getInteger(at: 32),
            let bits: UInt32 = body.getInteger(at: 40), let bytes: UInt32 = body.getInteger(at: 48),
            let frames: UInt32 = body.getInteger(at: 52), let length: UInt32 = body.getInteger(at: 20)
        else { return nil }
        let seconds = Double(bitPattern: rate)
        return SoundDescription(
            channels: Int(channels), rate: seconds.isFinite ? seconds : 0, bits: Int(bits),
            // It counts the 16 bytes of the entry's head.
            length: length >= 72 ? Int(length) - 16 : 56, packing: packing(samples: Int(frames), bytes: Int(bytes)))
    }

    /// Of those that tell it by their name, whatever the field says.
    private var numberWidth: Int? {
        switch format {
        case "ulaw", "alaw": 1
        case "in24": 3
        case "in32", "fl32": 4
        case "fl64": 8
        default: nil
        }
    }

    private var isUncompressed: Bool {
        ["ulaw", "alaw", "raw ", "twos", "sowt", "NONE", "in24", "in32", "fl32", "fl64"].contains(format)
    }

    private func packing(samples: Int, bytes: Int) -> SizeTable.Packing? {
        guard samples > 0, bytes > 0, samples <= 1 << 20, bytes <= 1 << 20 else { return nil }
        return SizeTable.Packing(samples: samples, bytes: bytes)
    }
}
