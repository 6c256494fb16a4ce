extension PlainSamples {
    /// Where the chunk ends that ends last in the file, in bytes; `nil` where there are none. Takes as long as there are chunks.
    var fileEnd: Int64? {
        var end: Int64?
        var chunk: ChunkTable.Place? = chunks.place(ofSample: 0)
        while let place = chunk, place.sample < count {
            let length = sizes.length(from: place.sample, to: min(place.sample + place.count, count))
            if length > 0, let start = chunks.offset(ofChunk: place.chunk) { end = max(end ?? 0, start &+ length) }
            chunk = chunks.place(after: place)
        }
        return end
    }
}
