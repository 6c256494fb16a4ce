import Media
import NIOCore
import RTP

// Sound.
extension SampleFormat {
    static var mpegAudio: SampleFormat {
        SampleFormat(form: .mpegAudio, description: .packetized(.mpegAudio))
    }

    static func amr(isWideband: Bool) -> SampleFormat {
        let parameters = FormatParameters([.init(name: "octet-align", value: "1")])
        return SampleFormat(
            form: .amr(isWideband: isWideband),
            description: .packetized(
                isWideband ? .amrWideband : .amr, clockRate: AMRPacketizer.clockRate(isWideband: isWideband),
                channels: 1,
                parameters: parameters)
        )
    }

    static func mpeg4Audio(_ source: SampleDescription) throws(MovieError) -> SampleFormat {
        guard let descriptor = source.soundBox("esds").flatMap({ ElementaryStreamDescriptor(parsing: $0.body) }) else {
            throw .nothingToPlay("its esds is missing or broken")
        }
        var format: SampleFormat
        switch descriptor.objectType {
        case 0x40, 0x66, 0x67, 0x68: format = try aac(descriptor)
        case 0x69, 0x6B: format = mpegAudio
        default: throw .nothingToPlay("no packets are made of \(name(ofObject: descriptor.objectType))")
        }
        format.description.bandwidth = descriptor.bandwidth
        return format
    }

    private static func aac(_ descriptor: ElementaryStreamDescriptor) throws(MovieError) -> SampleFormat {
        guard let known = AudioSpecificConfig(parsing: descriptor.specific) else {
            throw .nothingToPlay("its AudioSpecificConfig is missing or broken")
        }
        // RTP's clock is that of what is heard (RFC 3640 §3.3.6).
        return SampleFormat(
            form: .aac,
            description: .packetized(
                .aac, clockRate: known.extensionSampleRate ?? known.sampleRate, channels: known.channels,
                configuration: .aac(audioSpecificConfig: descriptor.specific))
        )
    }

    /// `dOps`: version, channels, 16 bits of pre-skip, 32 of rate, 16 of gain, mapping family (Opus in ISOBMFF §4.3.2).
    static func opus(_ source: SampleDescription) throws(MovieError) -> SampleFormat {
        let box = source.soundBox("dOps")?.body
        let channels = box?.getInteger(at: 1, as: UInt8.self).map(Int.init) ?? source.sound?.channels ?? 2
        guard (1...2).contains(channels), box?.getInteger(at: 10, as: UInt8.self) ?? 0 == 0 else {
            throw .nothingToPlay("it is Opus of \(channels) channels, and RTP has one or two")
        }
        var parameters = FormatParameters()
        if channels == 2 { parameters["sprop-stereo"] = "1" }
        // RFC 7587 §7: the rate and the channels of a=rtpmap are constants.
        return SampleFormat(
            form: .opus,
            description: .packetized(.opus, clockRate: 48_000, channels: 2, parameters: parameters)
        )
    }

    static func waveform(_ source: SampleDescription, timescale: UInt32) throws(MovieError) -> SampleFormat {
        guard let sound = source.sound else { throw .nothingToPlay("its sample description is cut short") }
        // Rates above 65 535 have no room in the field.
        let rate = sound.rate >= 1 && sound.rate <= 10_000_000 ? Int(sound.rate.rounded()) : Int(timescale)
        guard rate >= WaveformForm.lowestRate else { throw .nothingToPlay("it has \(rate) samples a second") }
        guard (1...32).contains(sound.channels) else { throw .nothingToPlay("it has \(sound.channels) channels") }
        guard let numbers = source.storedNumbers else {
            throw .nothingToPlay("no packets are made of \(source.format) with \(sound.bits) bits a sample")
        }
        let codec: Codec
        switch source.format {
        case "ulaw": codec = .pcmu
        case "alaw": codec = .pcma
        default: codec = numbers.sentSize == 2 ? .linear16 : .linear24
        }
        let form = WaveformForm(sampleRate: rate, channels: sound.channels, numbers: numbers)
        return SampleFormat(
            form: .waveform(form),
            description: .packetized(codec, clockRate: rate, channels: sound.channels)
        )
    }
}
