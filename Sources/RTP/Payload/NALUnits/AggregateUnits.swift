/// The NAL units of an aggregation packet, one after the other (RFC 6184 §5.7.1, RFC 7798 §4.4.2).
///
/// ```
/// STAP-A │ 24 │ size │ unit │ size │ unit │ …           zero padding is cut (quirk I8)
/// AP     │ 48 │ layer, TID │ [DONL] │ size │ unit │ [DOND] │ size │ unit │ …
/// ```
struct AggregateUnits {
    struct Unit {
        /// Where the unit stands in the payload, at least as long as its header.
        var range: Range<Int>
        var decodingOrder: UInt16
    }

    private let payload: UnsafeRawBufferPointer
    private let syntax: NALUnitSyntax
    private var decodingOrder: UInt16 = 0
    private var isFirst = true
    /// Behind the last whole unit: what stands there is padding or cut off.
    private(set) var end: Int

    init(_ payload: UnsafeRawBufferPointer, syntax: NALUnitSyntax) {
        self.payload = payload
        self.syntax = syntax
        end = min(syntax.headerLength, payload.count)
    }

    /// The next whole unit; `nil` at the end, at padding, and where a size exceeds what is there.
    mutating func next() -> Unit? {
        var index = end
        var order = decodingOrder
        if syntax.hasDecodingOrder {
            guard index + 2 < payload.count else { return nil }
            if isFirst {
                order = UInt16(payload[index]) << 8 | UInt16(payload[index + 1])
                index += 2
            } else {
                order = order &+ UInt16(payload[index]) &+ 1
                index += 1
            }
        }
        guard index + 2 <= payload.count else { return nil }
        let size = Int(payload[index]) << 8 | Int(payload[index + 1])
        index += 2
        guard size >= syntax.headerLength, index + size <= payload.count else { return nil }
        isFirst = false
        decodingOrder = order
        end = index + size
        return Unit(range: index..<end, decodingOrder: order)
    }
}
