import NIOCore

extension HintSource {
    /// Copies bytes of a sample description, which are counted from the beginning of its box; false where it has none.
    ///
    /// ```
    /// │ size: 32 │ format: 32 │ 0: 48 │ data reference: 16 │ body …
    /// ```
    func append(
        _ reference: HintConstructor.DescriptionReference, to batch: inout PacketBatch, within budget: inout HintBudget
    ) -> Bool {
        guard reference.description > 0, reference.description <= descriptions.count else { return false }
        let description = descriptions[reference.description - 1]
        let length = 16 + description.body.readableBytes
        guard reference.offset <= length, reference.length <= length - reference.offset,
            budget.takes(reference.length)
        else { return false }
        let fromHead = min(reference.length, max(0, 16 - reference.offset))
        if fromHead > 0 {
            var head = ByteBuffer()
            head.writeMultipleIntegers(UInt32(truncatingIfNeeded: length), description.format.code)
            head.writeMultipleIntegers(0 as UInt32, 0 as UInt16, description.dataReferenceIndex)
            if let slice = head.getSlice(at: reference.offset, length: fromHead) { batch.append(slice) }
        }
        let body = description.body
        let start = body.readerIndex + max(0, reference.offset - 16)
        guard let slice = body.getSlice(at: start, length: reference.length - fromHead) else { return false }
        batch.append(slice)
        return true
    }
}
