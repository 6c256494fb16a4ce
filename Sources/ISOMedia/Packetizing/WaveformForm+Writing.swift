import NIOCore

extension WaveformForm {
    /// Writes a sample of many frames in packets of 20 ms at most. What is no whole frame is left out.
    func write(_ sample: ByteBuffer, at moment: SampleMoment, limit: Int, to batch: inout PacketBatch) {
        let frames = sample.readableBytes / bytesPerFrame
        let most = framesPerPacket(limit: limit)
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
    }

    /// Adds whole samples to the packet that has begun, in the order of bytes that RTP has.
    func append(_ bytes: UnsafeRawBufferPointer, to batch: inout PacketBatch) {
        if swappedBytes > 1 {
            batch.append(bytes, turningEach: swappedBytes)
        } else {
            batch.append(bytes)
        }
    }
}
