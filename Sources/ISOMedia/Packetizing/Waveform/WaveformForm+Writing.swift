import NIOCore

extension WaveformForm {
    /// Writes a sample of many frames, or a piece of one, in packets of 20 ms at most. What is no whole frame is left out; then false.
    func write(_ sample: ByteBuffer, at moment: SampleMoment, limit: Int, to batch: inout PacketBatch) -> Bool {
        let most = framesPerPacket(limit: limit)
        let frames = sample.readableBytes / bytesPerFrame
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
