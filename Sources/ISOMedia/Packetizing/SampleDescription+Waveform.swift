import NIOCore

// What descriptions of sound say beyond the fields that all have.
extension SampleDescription {
    /// More boxes than this are no description's.
    private static let mostBoxes = 64

    /// The first box of a type behind the fields; in QuickTime it may be in a `wave` box (QTFF, "siDecompressionParam").
    func soundBox(_ type: FourCC) -> Box? {
        let boxes = soundBoxes
        if let box = boxes.first(type) { return box }
        guard let wave = boxes.first("wave") else { return nil }
        var reader = BoxReader(wave)
        for _ in 0..<Self.mostBoxes {
            guard let box = try? reader.next() else { return nil }
            if box.type == type { return box }
        }
        return nil
    }

    /// Bits of one uncompressed sample, a whole number with a sign; `nil` for all else, and where it is not told.
    var linearBits: Int? {
        switch format {
        case "in24": 24
        case "sowt", "twos": sound?.bits
        case "ipcm": soundBox("pcmC")?.body.getInteger(at: 5, as: UInt8.self).map(Int.init) ?? sound?.bits
        // Bit 0: floating point (QTFF, "formatSpecificFlags").
        case "lpcm": linearFlags & 1 == 0 ? sound?.bits : nil
        default: nil
        }
    }

    /// Whether an uncompressed sample has its low byte first.
    var isLittleEndian: Bool {
        switch format {
        case "sowt": true
        case "in24": soundBox("enda")?.body.getInteger(at: 0, as: UInt16.self) == 1
        case "ipcm": soundBox("pcmC")?.body.getInteger(at: 4, as: UInt8.self).map { $0 & 1 == 1 } ?? false
        case "lpcm": linearFlags & 2 == 0
        default: false
        }
    }

    /// Of version 2, which alone has them.
    private var linearFlags: UInt32 {
        guard body.getInteger(at: 0, as: UInt16.self) == 2 else { return 2 }
        return body.getInteger(at: 44) ?? 0
    }
}
