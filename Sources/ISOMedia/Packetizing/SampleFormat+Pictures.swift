import Media
import NIOCore
import RTP

// Pictures.
extension SampleFormat {
    /// Sets of this many bytes fit no session description; no encoder makes them.
    private static let mostParameterSetBytes = 65_536

    static func picture(_ form: SampleForm, _ codec: Codec) -> SampleFormat {
        SampleFormat(form: form, description: .packetized(codec))
    }

    static func h264(_ source: SampleDescription) throws(MovieError) -> SampleFormat {
        guard let bytes = bytes(of: "avcC", in: source), let known = AVCDecoderConfiguration(parsing: bytes) else {
            throw .nothingToPlay("its avcC is missing or broken")
        }
        return try units(
            known.parameterSets, lengthSize: known.lengthSize, isH265: false, tellsDisposable: true)
    }

    static func h265(_ source: SampleDescription) throws(MovieError) -> SampleFormat {
        guard let bytes = bytes(of: "hvcC", in: source), let known = HEVCDecoderConfiguration(parsing: bytes) else {
            throw .nothingToPlay("its hvcC is missing or broken")
        }
        let sets = known.units.filter { unit in
            unit.count > 2 && H265.NALUnitType(header: unit[0]).isParameterSet
        }
        // With several temporal layers a picture that its own does not refer to may be referred to by the next.
        let layers = bytes[21] >> 3 & 7
        return try units(sets, lengthSize: known.lengthSize, isH265: true, tellsDisposable: layers == 1)
    }

    private static func bytes(of type: FourCC, in source: SampleDescription) -> [UInt8]? {
        source.pictureBoxes.first(type).map { Array(buffer: $0.body) }
    }

    private static func units(
        _ sets: [[UInt8]], lengthSize: Int, isH265: Bool, tellsDisposable: Bool
    ) throws(MovieError) -> SampleFormat {
        guard sets.reduce(0, { $0 + $1.count }) <= mostParameterSetBytes else {
            throw .nothingToPlay("its parameter sets are longer than \(mostParameterSetBytes) bytes")
        }
        let form = NALUnitForm(
            isH265: isH265, lengthSize: lengthSize, parameterSets: sets.filter { $0.count > 1 },
            tellsDisposable: tellsDisposable
        )
        let configuration: CodecConfiguration = isH265 ? .h265(of: sets) : .h264(of: sets)
        return SampleFormat(
            form: .nalUnits(form), description: .packetized(isH265 ? .h265 : .h264, configuration: configuration))
    }

    static func mpeg4Visual(_ source: SampleDescription) throws(MovieError) -> SampleFormat {
        let box = source.pictureBoxes.first("esds")
        guard let descriptor = box.flatMap({ ElementaryStreamDescriptor(parsing: $0.body) }) else {
            throw .nothingToPlay("its esds is missing or broken")
        }
        switch descriptor.objectType {
        case 0x20: break
        case 0x6C: return picture(.jpeg, .mjpeg)
        default: throw .nothingToPlay("no packets are made of \(name(ofObject: descriptor.objectType))")
        }
        var parameters = FormatParameters()
        let configuration = descriptor.specific
        if !configuration.isEmpty {
            // Behind the start code of the visual object sequence.
            let isSequence = configuration.count > 4 && configuration.prefix(4).elementsEqual([0, 0, 1, 0xB0])
            parameters["profile-level-id"] = isSequence ? String(configuration[4]) : nil
            parameters["config"] = Hexadecimal.string(of: configuration)
        }
        var format = SampleFormat(
            form: .mpeg4Visual, description: .packetized(.mpeg4Visual, parameters: parameters)
        )
        format.description.bandwidth = descriptor.bandwidth
        return format
    }

    static func name(ofObject type: UInt8) -> String {
        "MPEG-4 object type 0x" + Hexadecimal.string(of: CollectionOfOne(type))
    }
}
