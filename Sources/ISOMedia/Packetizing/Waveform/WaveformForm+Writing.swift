import NIOCore

extension WaveformForm {
    /// More than a minute of sound in one sample, all of it sent at once, is nothing that a writer of files means.
    private static let mostPackets = 4096

    /// Writes a sample of many frames in packets of 20 ms at most. What is no whole frame is left out, and what is beyond 4096 packets;
    /// then false.
    func write(_ sample: ByteBuffer, at moment: SampleMoment, limit: Int, to batch: inout PacketBatch) -> Bool {
        let most = framesPerPacket(limit: limit)
        let frames = min(sample.readableBytes / bytesPerFrame, most * Self.mostPackets)
        sample.withUnsafeReadableBytes { bytes in
            for start in stride(from: 0, to: frames, by: most) {
                let end = min(start + most, frames)
                batch.begin(
                    due: moment.due, at: moment.time &+ Int64(start), payloadType: moment.payloadType, marker: false,
                    traits: start == 0 ? .startsRandomAccess : []
                )
                append(UnsafeRawBufferPointer(rebasing: bytes[start * bytesPerFrame..<end * bytesPerFrame]), to: &batch)
                batch.end()
            }
        }
        return frames * bytesPerFrame == sample.readableBytes
    }

    /// Adds whole samples to the packet that has begun, as RTP has them.
    func append(_ bytes: UnsafeRawBufferPointer, to batch: inout PacketBatch) {
        if numbers.isAsSent {
            batch.append(bytes)
        } else {
            batch.append(bytes, of: numbers)
        }
    }
}
