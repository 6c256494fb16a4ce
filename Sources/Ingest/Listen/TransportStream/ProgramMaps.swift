import NIOCore

/// Which codec each elementary stream of a transport stream has, as its program maps tell it (ISO/IEC 13818-1 §2.4.4.8).
///
/// libavformat takes a stream's codec from the first map that names it, and passes over what later ones say.
///
/// ```
/// packet   47 | e s p PID(13) | scrambling(2) adaptation(2) counter(4) | [length, adaptation field] | [pointer …] section
/// section  table | 1 0 11 length(12) | number(16) | 11 version(5) current(1) | n | last | … | CRC-32
/// PAT   00 …  program(16) | 111 PID(13)                                    once for each program
/// PMT   02 …  111 clock PID(13) | 1111 length(12) descriptors, then
///             type(8) | 111 PID(13) | 1111 length(12) descriptors          once for each stream
/// ```
/// A section that does not fit into one packet is passed over; so is one whose checksum is wrong.
struct ProgramMaps {
    /// More than any multiplex has; what is beyond it is not watched.
    private static let most = 256

    /// What `TransportStreamReader` carries: AAC with ADTS and with LATM headers, H.264, H.265 (table 2-34).
    private static let carried: Set<UInt8> = [0x0F, 0x11, 0x1B, 0x24]

    /// One map's word on one stream: programs may share a stream, and call what is private by names of their own.
    struct Entry: Hashable {
        var map: UInt16
        var stream: UInt16
    }

    /// Stream types.
    private(set) var types: [Entry: UInt8] = [:]
    private var maps: Set<UInt16> = []

    /// Takes whole packets; `true` where a stream that was known has another type now, and one of the two is carried.
    mutating func changed(by packets: ByteBuffer) -> Bool {
        var isChanged = false
        for start in stride(
            from: packets.readerIndex, to: packets.writerIndex, by: TransportStreamDatagram.packetSize)
        {
            guard let pid = packets.getInteger(at: start + 1, as: UInt16.self).map({ $0 & 0x1FFF }),
                pid == 0 || maps.contains(pid), let section = Self.section(in: packets, at: start)
            else { continue }
            switch (pid, section.table) {
            case (0, 0): learnMaps(section.body)
            case (1..., 2): isChanged = learnTypes(section.body, of: pid) || isChanged
            default: break
            }
        }
        return isChanged
    }

    private mutating func learnMaps(_ body: ArraySlice<UInt8>) {
        var rest = body
        while rest.count >= 4, maps.count < Self.most {
            let (program, pid) = (rest.word(0), rest.word(2) & 0x1FFF)
            // Program 0 is the network's own table.
            if program != 0, pid != 0 { maps.insert(pid) }
            rest = rest.dropFirst(4)
        }
    }

    private mutating func learnTypes(_ body: ArraySlice<UInt8>, of map: UInt16) -> Bool {
        guard body.count >= 4 else { return false }
        var isChanged = false
        var rest = body.dropFirst(4 + Int(body.word(2) & 0x0FFF))
        while rest.count >= 5 {
            let (type, pid) = (rest[rest.startIndex], rest.word(1) & 0x1FFF)
            let entry = Entry(map: map, stream: pid)
            if let known = types[entry], known != type, !Self.carried.isDisjoint(with: [known, type]) {
                isChanged = true
            }
            if types[entry] != nil || types.count < Self.most { types[entry] = type }
            rest = rest.dropFirst(5 + Int(rest.word(3) & 0x0FFF))
        }
        return isChanged
    }

    /// A section that begins and ends in the packet, is valid now, and has the right checksum.
    private static func section(
        in packets: ByteBuffer, at start: Int
    ) -> (table: UInt8, body: ArraySlice<UInt8>)? {
        guard let packet = packets.getBytes(at: start, length: TransportStreamDatagram.packetSize),
            // No error, and a section begins here.
            packet[1] & 0xC0 == 0x40, packet[3] & 0xD0 == 0x10
        else { return nil }
        var rest = packet[4...]
        if packet[3] & 0x20 != 0 { rest = rest.dropFirst(1 + Int(packet[4])) }
        guard let pointer = rest.first else { return nil }
        rest = rest.dropFirst(1 + Int(pointer))
        guard rest.count >= 12 else { return nil }
        let length = Int(rest.word(1) & 0x0FFF)
        guard length >= 9, rest.count >= 3 + length else { return nil }
        let section = rest.prefix(3 + length)
        let isCurrent = section[section.startIndex + 5] & 1 == 1
        guard isCurrent, checksum(section) == 0 else { return nil }
        return (section[section.startIndex], section.dropFirst(8).dropLast(4))
    }

    /// CRC-32 of ISO/IEC 13818-1 annex A; 0 over a section with its checksum.
    static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reduce(UInt32.max) { sum, byte in
            var sum = sum ^ UInt32(byte) << 24
            for _ in 0..<8 { sum = sum << 1 ^ (sum & 0x8000_0000 == 0 ? 0 : 0x04C1_1DB7) }
            return sum
        }
    }
}

extension ArraySlice<UInt8> {
    /// Two bytes in network order, `offset` from the beginning, where there are so many.
    fileprivate func word(_ offset: Int) -> UInt16 {
        UInt16(self[startIndex + offset]) << 8 | UInt16(self[startIndex + offset + 1])
    }
}
