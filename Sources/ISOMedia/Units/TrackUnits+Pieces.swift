// Samples of uncompressed sound may be as long as a movie: they are read and decoded a tenth of a second at a time.
extension TrackUnits {
    private static let piecesInSecond = 10

    /// Samples of sound in each piece of a sample but the last one.
    package var pieceLength: Int { max(1, (sounding?.sampleRate ?? 0) / Self.piecesInSecond) }

    /// How many pieces a sample is read in: one, but for uncompressed sound that the file has in samples of its own.
    package func pieceCount(of sample: MovieSample) -> Int {
        guard let bytesPerFrame = bytesPerFrame(of: sample) else { return 1 }
        return max(1, (sample.size / bytesPerFrame + pieceLength - 1) / pieceLength)
    }

    /// One of them, for `payload` and `SoundUnits.count`; its times are those of all of the sample.
    package func piece(_ number: Int, of sample: MovieSample) -> MovieSample {
        guard let bytesPerFrame = bytesPerFrame(of: sample) else { return sample }
        let start = min(number * pieceLength * bytesPerFrame, sample.size)
        var piece = sample
        piece.offset &+= Int64(start)
        piece.size = min(pieceLength * bytesPerFrame, sample.size - start)
        return piece
    }

    /// Of uncompressed sound that is not in blocks, as the sample's own description has it.
    private func bytesPerFrame(of sample: MovieSample) -> Int? {
        guard blocks == nil, case .waveform(let form)? = form(ofDescription: sample.descriptionIndex) else {
            return nil
        }
        return form.bytesPerFrame
    }
}
