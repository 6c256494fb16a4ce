import NIOCore

extension ByteBuffer {
    /// Writes a box around what `body` writes (ISO/IEC 14496-12 §4.2).
    mutating func writeBox(_ type: FourCC, _ body: (inout ByteBuffer) -> Void) {
        let start = writerIndex
        writeMultipleIntegers(0 as UInt32, type.code)
        body(&self)
        setInteger(UInt32(truncatingIfNeeded: writerIndex - start), at: start)
    }

    /// One with a version and flags.
    mutating func writeFullBox(
        _ type: FourCC, version: UInt8 = 0, flags: UInt32 = 0, _ body: (inout ByteBuffer) -> Void
    ) {
        writeBox(type) {
            $0.writeInteger(UInt32(version) << 24 | flags)
            body(&$0)
        }
    }

    /// A time of 32 bits in version 0 of a box, of 64 in version 1.
    mutating func writeTime(_ time: Int64, version: UInt8) {
        if version == 0 { writeInteger(UInt32(clamping: time)) } else { writeInteger(time) }
    }

    mutating func writeZeros(_ count: Int) {
        writeRepeatingByte(0, count: count)
    }
}
