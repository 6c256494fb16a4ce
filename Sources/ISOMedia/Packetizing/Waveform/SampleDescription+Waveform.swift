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

    /// What the samples of uncompressed sound are, and of G.711; `nil` for all else, and where it is not told.
    var storedNumbers: StoredNumbers? {
        switch format {
        case "ulaw", "alaw": return StoredNumbers(kind: .bytes, size: 1)
        // Numbers without a sign, if they are of 8 bits alone (QTFF, "Uncompressed Audio Formats").
        case "raw ", "NONE": return numbers(sound?.bits == 8 ? .unsigned : .signed, bits: sound?.bits, isLittle: false)
        case "twos", "sowt": return numbers(.signed, bits: sound?.bits, isLittle: format == "sowt")
        case "in24": return numbers(.signed, bits: 24, isLittle: hasLowByteFirst)
        case "in32": return numbers(.signed, bits: 32, isLittle: hasLowByteFirst)
        case "fl32": return numbers(.floating, bits: 32, isLittle: hasLowByteFirst)
        case "fl64": return numbers(.floating, bits: 64, isLittle: hasLowByteFirst)
        case "ipcm": return numbers(.signed, bits: pcmBits ?? sound?.bits, isLittle: pcmIsLittle)
        case "fpcm": return numbers(.floating, bits: pcmBits ?? sound?.bits, isLittle: pcmIsLittle)
        case "lpcm": return linear
        default: return nil
        }
    }

    private func numbers(_ kind: StoredNumbers.Kind, bits: Int?, isLittle: Bool) -> StoredNumbers? {
        let known = kind == .floating ? [32, 64] : [8, 16, 24, 32]
        guard let bits, known.contains(bits) else { return nil }
        return StoredNumbers(kind: kind, size: bits / 8, isLittleEndian: isLittle)
    }

    /// `enda`, in QuickTime's `wave` box.
    private var hasLowByteFirst: Bool { soundBox("enda")?.body.getInteger(at: 0, as: UInt16.self) == 1 }

    /// `pcmC` (ISO/IEC 23003-5 §5.4): version and flags, format flags, bits.
    private var pcmBits: Int? { soundBox("pcmC")?.body.getInteger(at: 5, as: UInt8.self).map(Int.init) }

    private var pcmIsLittle: Bool {
        soundBox("pcmC")?.body.getInteger(at: 4, as: UInt8.self).map { $0 & 1 == 1 } ?? false
    }

    /// Flags (QTFF, "formatSpecificFlags"): 1 floating point, 2 high byte first, 4 with a sign.
    private var linear: StoredNumbers? {
        let kind: StoredNumbers.Kind =
            linearFlags & 1 != 0 ? .floating : sound?.bits == 8 && linearFlags & 4 == 0 ? .unsigned : .signed
        return numbers(kind, bits: sound?.bits, isLittle: linearFlags & 2 == 0)
    }

    /// Of version 2, which alone has them.
    private var linearFlags: UInt32 {
        guard body.getInteger(at: 0, as: UInt16.self) == 2 else { return 6 }
        return body.getInteger(at: 44) ?? 0
    }
}
