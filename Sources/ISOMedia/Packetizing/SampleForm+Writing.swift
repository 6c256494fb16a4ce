import NIOCore
import RTP

extension SampleForm {
    /// Writes the packets of one sample; none longer than `limit`, in bytes without RTP header, but where its payload format
    /// cannot divide it. What it cannot carry is left out, and false: something was, or all of it.
    func write(_ sample: ByteBuffer, at moment: SampleMoment, limit: Int, to batch: inout PacketBatch) -> Bool {
        let written = batch.entries.count
        let isWhole = writePackets(of: sample, at: moment, limit: limit, to: &batch)
        return isWhole && batch.entries.count > written
    }

    private func writePackets(
        of sample: ByteBuffer, at moment: SampleMoment, limit: Int, to batch: inout PacketBatch
    ) -> Bool {
        var isFirst = true
        switch self {
        case .nalUnits(let form):
            return sample.withUnsafeReadableBytes { form.write($0, at: moment, limit: limit, to: &batch) }
        case .aac:
            Self.writeAAC(sample, at: moment, limit: limit, to: &batch)
            return true
        case .opus:
            batch.write(sample, at: moment, later: 0)
            return true
        case .mpegAudio:
            let packetizer = MPEGAudioPacketizer(maximumPayloadSize: limit)
            return packetizer.packetize(sample) { batch.write($0, at: moment, later: $1) }
        case .amr(let isWideband):
            let packetizer = AMRPacketizer(isWideband: isWideband, maximumPayloadSize: limit)
            return packetizer.packetize(sample) { batch.write($0, at: moment, later: $1) }
        case .waveform(let form):
            return form.write(sample, at: moment, limit: limit, to: &batch)
        case .mpeg4Visual:
            let packetizer = MPEG4VisualPacketizer(maximumPayloadSize: limit)
            return packetizer.packetize(sample) { batch.write($0, at: moment, isFirst: &isFirst) }
        case .h263:
            let packetizer = H263Packetizer(maximumPayloadSize: limit)
            packetizer.packetize(sample) { batch.write($0, at: moment, isFirst: &isFirst) }
            return true
        case .jpeg:
            let packetizer = JPEGPacketizer(maximumPayloadSize: limit)
            do { try packetizer.packetize(sample) { batch.write($0, at: moment, isFirst: &isFirst) } } catch {
                return false
            }
            return true
        }
    }

    /// As `AACPacketizer` has it, without a buffer for each packet.
    private static func writeAAC(_ sample: ByteBuffer, at moment: SampleMoment, limit: Int, to batch: inout PacketBatch)
    {
        let size = sample.readableBytes
        guard size > 0, size <= AACPacketizer.maximumAccessUnitSize else { return }
        sample.withUnsafeReadableBytes { bytes in
            for start in stride(from: 0, to: size, by: limit - 4) {
                let end = min(start + limit - 4, size)
                batch.begin(
                    due: moment.due, at: moment.time, payloadType: moment.payloadType, marker: end == size,
                    traits: start == 0 ? moment.firstTraits : []
                )
                batch.append(16 << 16 | UInt32(size) << 3, bytes: 4)
                batch.append(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
                batch.end()
            }
        }
    }
}

extension SampleMoment {
    var firstTraits: PacketBatch.Traits { isSync ? .startsRandomAccess : [] }
}

extension PacketBatch {
    /// One payload of sound, which is `later` units of the RTP clock behind the sample's beginning. The marker, which says that
    /// sound begins anew behind a silence, is never set (RFC 3551 §4.1).
    fileprivate mutating func write(_ payload: ByteBuffer, at moment: SampleMoment, later: Int) {
        begin(
            due: moment.due, at: moment.time &+ Int64(later), payloadType: moment.payloadType, marker: false,
            traits: later == 0 ? moment.firstTraits : []
        )
        append(payload)
        end()
    }

    fileprivate mutating func write(_ payload: NormalizedPayload, at moment: SampleMoment, isFirst: inout Bool) {
        begin(
            due: moment.due, at: moment.time, payloadType: moment.payloadType, marker: payload.marker,
            traits: isFirst ? moment.firstTraits : []
        )
        isFirst = false
        append(payload.payload)
        end()
    }
}

// MARK: NAL units

extension NALUnitForm {
    /// The parameter sets that are in `avcC` or `hvcC` go before what decoding can begin with, behind its delimiter, unless it
    /// brings its own. False where the sample does not end where its last unit does.
    fileprivate func write(
        _ sample: UnsafeRawBufferPointer, at moment: SampleMoment, limit: Int, to batch: inout PacketBatch
    ) -> Bool {
        var units = NALUnitsInSample(sample, form: self, limit: limit)
        let outlook = units.outlook
        var following = units.next()
        // Sets alone are no picture.
        var wantsSets = moment.isSync && !outlook.hasParameterSets && following != nil
        let others: PacketBatch.Traits = outlook.isDisposable ? .disposable : []
        var traits = others.union(moment.firstTraits)
        while let unit = following {
            following = units.next()
            if wantsSets, !unit.pieces.role.isDelimiter {
                writeParameterSets(at: moment, limit: limit, traits: &traits, to: &batch)
                wantsSets = false
            }
            unit.write(at: moment, isLast: following == nil, traits: &traits, others: others, to: &batch)
        }
        return !units.isBroken
    }

    private func writeParameterSets(
        at moment: SampleMoment, limit: Int, traits: inout PacketBatch.Traits, to batch: inout PacketBatch
    ) {
        for set in parameterSets {
            set.withUnsafeBytes { bytes in
                let header = UInt16(bytes[0]) << 8 | UInt16(bytes[1])
                guard let pieces = NALUnitPieces(isH265: isH265, header: header, length: bytes.count, limit: limit)
                else {
                    return
                }
                let unit = NALUnitsInSample.Unit(bytes: bytes, pieces: pieces)
                unit.write(at: moment, isLast: false, traits: &traits, others: [], to: &batch)
            }
        }
    }
}

extension NALUnitsInSample.Unit {
    /// Writes the unit's packets: `traits` are of the first, and then `others` of those behind it.
    fileprivate func write(
        at moment: SampleMoment, isLast: Bool, traits: inout PacketBatch.Traits, others: PacketBatch.Traits,
        to batch: inout PacketBatch
    ) {
        batch.append(
            bytes, in: pieces,
            PacketBatch.UnitTraits(
                due: moment.due, time: moment.time, payloadType: moment.payloadType, endsAccessUnit: isLast,
                first: traits, others: others))
        traits = others
    }
}
