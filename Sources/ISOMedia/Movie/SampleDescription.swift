import NIOCore

/// How samples are to be decoded: an entry of `stsd` (ISO/IEC 14496-12 §8.5.2).
///
/// ```
/// size: 32 │ format: 32 │ 0: 48 │ data reference: 16 │ body …
/// ```
package struct SampleDescription: Sendable {
    /// More of them are no movie.
    private static let maximumCount = 256

    /// `avc1`, `mp4a`, `rtp `, …
    package let format: FourCC
    /// Which of the files in `dref`, from 1.
    package let dataReferenceIndex: UInt16
    /// What follows.
    package let body: ByteBuffer
    /// Where the entry begins in the file, in bytes.
    package let offset: Int64
    /// Its fields are QuickTime's: sound of version 1 has four more (QTFF, "Sound Sample Description (Version 1)").
    package let isQuickTime: Bool

    package init(
        format: FourCC, dataReferenceIndex: UInt16 = 1, body: ByteBuffer, offset: Int64 = 0, isQuickTime: Bool = false
    ) {
        self.format = format
        self.dataReferenceIndex = dataReferenceIndex
        self.body = body
        self.offset = offset
        self.isQuickTime = isQuickTime
    }

    /// The entries; none where there is no box. Throws `.malformed`, and `.tooMuch`.
    static func read(_ table: Box?, brands: [FourCC]) throws(MovieError) -> [SampleDescription] {
        guard let table else { return [] }
        // Version 1 of the table says that version 1 of a sound entry is ISO's, which is as long as version 0.
        let isQuickTime = brands.isEmpty || brands.contains("qt  ") || table.version == 0
        let count: UInt32 = try table.integer(at: 4)
        guard count <= maximumCount else { throw .tooMuch("\(count) sample descriptions in a track") }
        var reader = BoxReader(table, after: 8)
        var entries: [SampleDescription] = []
        while entries.count < count, let box = try reader.next() {
            let reference: UInt16 = try box.integer(at: 6)
            let body = box.body.getSlice(at: 8, length: box.body.readableBytes - 8) ?? ByteBuffer()
            entries.append(
                SampleDescription(
                    format: box.type, dataReferenceIndex: reference, body: body, offset: box.header.offset,
                    isQuickTime: isQuickTime))
        }
        return entries
    }
}

extension SampleDescription {
    /// The boxes behind the fields of a picture (`avcC`, `hvcC`, `esds`, `pasp`, …), as far as they can be read.
    package var pictureBoxes: [Box] { boxes(after: PictureDescription.length) }

    /// The boxes behind the fields of a sound (`esds`, `wave`, `dOps`, …), as far as they can be read.
    package var soundBoxes: [Box] { boxes(after: sound?.length ?? SoundDescription.shortLength) }

    private func boxes(after place: Int) -> [Box] {
        guard
            let header = BoxHeader(
                ByteBuffer(integer: UInt64(body.readableBytes + 8) << 32 | UInt64(format.code)), at: offset + 8,
                limit: .max)
        else { return [] }
        var reader = BoxReader(Box(header: header, body: body), after: place)
        var boxes: [Box] = []
        while let box = try? reader.next() { boxes.append(box) }
        return boxes
    }
}
