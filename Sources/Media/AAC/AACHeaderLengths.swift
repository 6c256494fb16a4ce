/// The widths in bits of the fields of an AU header: `sizelength`, `indexlength`, `indexdeltalength` (RFC 3640 §4.1).
package struct AACHeaderLengths: Sendable, Hashable {
    package var size: Int
    package var index: Int
    package var indexDelta: Int

    package init(size: Int, index: Int, indexDelta: Int) {
        self.size = size
        self.index = index
        self.indexDelta = indexDelta
    }

    /// `mode=AAC-hbr`: 13, 3 and 3 bits (RFC 3640 §3.3.6).
    package static let highBitRate = AACHeaderLengths(size: 13, index: 3, indexDelta: 3)
    /// `mode=AAC-lbr`: 6, 2 and 2 bits (RFC 3640 §3.3.5).
    package static let lowBitRate = AACHeaderLengths(size: 6, index: 2, indexDelta: 2)

    /// As the `a=fmtp` tells. A device that tells no size gets its mode's widths, one that tells the size alone has no
    /// index fields (quirk C31); nonsense counts as not told.
    package init(_ parameters: FormatParameters) {
        func width(_ name: String) -> Int? {
            parameters[name].flatMap { Int($0) }.flatMap { (0...32).contains($0) ? $0 : nil }
        }
        guard let size = width("sizelength"), size > 0 else {
            // `AAC_hbr`, `AAC-hbr`, no mode at all: everything but `lbr` is high bit rate.
            let mode = parameters["mode"]?.lowercased() ?? ""
            self = mode.hasSuffix("lbr") ? .lowBitRate : .highBitRate
            return
        }
        self.init(size: size, index: width("indexlength") ?? 0, indexDelta: width("indexdeltalength") ?? 0)
    }
}
