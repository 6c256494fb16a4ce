import Media
import NIOCore

extension HintedTrackProgress {
    /// Writes the whole `trak`; `id` is its number in the movie.
    func write(id: UInt32, of movie: Movie, to buffer: inout ByteBuffer) {
        let length = MovieTime.convert(tables.duration, from: track.clockRate, to: movie.timescale) + 1
        buffer.writeBox("trak") { trak in
            writeHead(id: id, duration: emptyDuration + length, to: &trak)
            if emptyDuration > 0 { writeEdits(length: length, to: &trak) }
            trak.writeBox("tref") { $0.writeBox("hint") { $0.writeInteger(track.media.id) } }
            trak.writeBox("mdia") { writeMedia(to: &$0) }
            trak.writeBox("udta") { writeUserData(id: id, to: &$0) }
        }
    }

    /// Enabled, and no part of what a player of the file shows (ISO/IEC 14496-12 §8.3.3).
    private func writeHead(id: UInt32, duration: Int64, to buffer: inout ByteBuffer) {
        let version: UInt8 = duration > Int64(UInt32.max) ? 1 : 0
        buffer.writeFullBox("tkhd", version: version, flags: 1) { box in
            for _ in 0..<2 { box.writeTime(0, version: version) }
            box.writeMultipleIntegers(id, 0 as UInt32)
            box.writeTime(duration, version: version)
            box.writeZeros(16)
            let matrix: [UInt32] = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x4000_0000]
            for value in matrix { box.writeInteger(value) }
            box.writeZeros(8)
        }
    }

    private func writeEdits(length: Int64, to buffer: inout ByteBuffer) {
        let version: UInt8 = max(emptyDuration, length) > Int64(UInt32.max) ? 1 : 0
        buffer.writeBox("edts") {
            $0.writeFullBox("elst", version: version) { box in
                box.writeInteger(2 as UInt32)
                box.writeTime(emptyDuration, version: version)
                if version == 0 { box.writeInteger(-1 as Int32) } else { box.writeInteger(-1 as Int64) }
                box.writeInteger(0x10000 as UInt32)
                box.writeTime(length, version: version)
                box.writeTime(0, version: version)
                box.writeInteger(0x10000 as UInt32)
            }
        }
    }

    private func writeMedia(to buffer: inout ByteBuffer) {
        let version: UInt8 = tables.duration > Int64(UInt32.max) ? 1 : 0
        buffer.writeFullBox("mdhd", version: version) { box in
            for _ in 0..<2 { box.writeTime(0, version: version) }
            box.writeInteger(track.clockRate)
            box.writeTime(tables.duration, version: version)
            // No language.
            box.writeMultipleIntegers(0x55C4 as UInt16, 0 as UInt16)
        }
        buffer.writeFullBox("hdlr") { box in
            box.writeMultipleIntegers(0 as UInt32, FourCC("hint").code)
            box.writeZeros(12)
            box.writeBytes("Heliograph hints\0".utf8)
        }
        buffer.writeBox("minf") { minf in
            let rate = UInt32(clamping: samples.counts.peak * 8)
            minf.writeFullBox("hmhd") { box in
                let largest = UInt16(clamping: samples.counts.largestPacket)
                let mean = UInt16(clamping: samples.counts.bytes / max(1, samples.counts.packets))
                box.writeMultipleIntegers(largest, mean, rate, meanRate, 0 as UInt32)
            }
            minf.writeBox("dinf") {
                $0.writeFullBox("dref") { box in
                    box.writeInteger(1 as UInt32)
                    box.writeFullBox("url ", flags: 1) { _ in }
                }
            }
            minf.writeBox("stbl") { stbl in
                writeDescription(to: &stbl)
                tables.write(to: &stbl)
            }
        }
    }

    /// Of all packets with their headers, in bits a second.
    var meanRate: UInt32 {
        let seconds = Double(tables.duration) / Double(track.clockRate)
        guard seconds > 0 else { return 0 }
        return UInt32(min(Double(samples.counts.bytes) * 8 / seconds, Double(UInt32.max)))
    }

    private func writeDescription(to buffer: inout ByteBuffer) {
        buffer.writeFullBox("stsd") { box in
            box.writeInteger(1 as UInt32)
            box.writeBox("rtp ") { entry in
                entry.writeZeros(6)
                entry.writeMultipleIntegers(1 as UInt16, 1 as UInt16, 1 as UInt16, samples.counts.largestPacket)
                entry.writeBox("tims") { $0.writeInteger(track.clockRate) }
            }
        }
    }

    private func writeUserData(id: UInt32, to buffer: inout ByteBuffer) {
        buffer.writeBox("hnti") {
            $0.writeBox("sdp ") { $0.writeString(track.format.mediaDescription + "a=control:trackID=\(id)\r\n") }
        }
        let format = track.format.description.primary
        let channels = format.channels.map { "/\($0)" } ?? ""
        let name = format.encodingName ?? format.codec.encodingName ?? ""
        samples.counts.write(
            payloadType: track.format.payloadType, map: "\(name)/\(track.clockRate)\(channels)", to: &buffer)
    }
}
