import NIOCore
import Testing

@testable import ISOMedia

@Suite("A sample of a hint track")
struct HintSampleTests {
    private func packets(_ bytes: [UInt8]) -> (packets: [HintPacket], last: HintSample.Step) {
        var sample = HintSample(ByteBuffer(bytes: bytes))
        var packets: [HintPacket] = []
        while true {
            switch sample.next() {
            case .packet(let packet): packets.append(packet)
            case let last: return (packets, last)
            }
        }
    }

    @Test(
        "R2 header bits are read whether the version of RTP stands among them or not",
        arguments: [0x0000, 0x8000, 0xC000])
    func headerBits(version: UInt16) throws {
        let plain = HintPacketBytes(bits: version | 0x0060, sequence: 7)
        let all = HintPacketBytes(bits: version | 0x3FE1, sequence: 8)
        let read = packets(hintSampleBytes([plain, all]))
        #expect(read.last == .end)
        let first = try #require(read.packets.first)
        #expect(first.payloadType == 96 && first.sequenceNumber == 7)
        #expect(!first.marker && !first.hasPadding && !first.hasExtension)
        let second = try #require(read.packets.last)
        #expect(second.payloadType == 97 && second.sequenceNumber == 8)
        #expect(second.marker && second.hasPadding && second.hasExtension)
    }

    @Test("Requirement 3: the relative time is signed and apart from the timestamp")
    func relativeTime() throws {
        let read = packets(hintSampleBytes([HintPacketBytes(relativeTime: -5), HintPacketBytes(relativeTime: 9)]))
        #expect(read.packets.map(\.relativeTime) == [-5, 9])
        #expect(read.packets.map(\.timestampOffset) == [0, 0])
    }

    @Test(
        "Requirement 4: rtpo is signed, and found among other boxes, which are padded to four bytes",
        arguments: [3000, -3000])
    func timestampOffset(offset: Int32) {
        let padded = bigEndian(UInt32(9)) + Array("xxxx".utf8) + [1, 0, 0, 0]
        let extra = padded + HintPacketBytes.rtpo(offset) + boxBytes("yyyy", [])
        let constructor = HintConstructorBytes.immediate([1])
        let packet = HintPacketBytes(extra: extra, constructors: [constructor])
        let sample = HintSample(ByteBuffer(bytes: hintSampleBytes([packet])))
        let read = packets(hintSampleBytes([packet]))
        #expect(read.packets.map(\.timestampOffset) == [offset])
        #expect(read.last == .end)
        let immediate = sample.constructor(0, of: read.packets[0])
        #expect(immediate == .immediate(offset: 4 + 12 + 4 + extra.count + 2, length: 1))
        #expect(sample.constructor(1, of: read.packets[0]) == nil)
    }

    @Test("Flags tell pictures that nobody needs and packets that were sent before")
    func flags() {
        let read = packets(hintSampleBytes([0, 1, 2, 3].map { HintPacketBytes(flags: $0) }))
        #expect(read.packets.map(\.isRepeated) == [false, true, false, true])
        #expect(read.packets.map(\.isDisposable) == [false, false, true, true])
    }

    @Test("Requirement 6: a sample of no packets, and one of no bytes, are nothing to send")
    func noPackets() {
        for bytes in [[0, 0, 0, 0], [], [0], [0, 0, 0, 0, 1, 2, 3]] as [[UInt8]] {
            let read = packets(bytes)
            #expect(read.packets.isEmpty && read.last == .end)
        }
    }

    @Test("Requirement 1: block sizes of 0 are 1")
    func blockSizes() throws {
        let constructors = [
            HintConstructorBytes.sample(5, offset: 6, length: 7, track: -1),
            HintConstructorBytes.sample(5, offset: 6, length: 7, bytesPerBlock: 34, samplesPerBlock: 64),
        ]
        let sample = HintSample(ByteBuffer(bytes: hintSampleBytes([HintPacketBytes(constructors: constructors)])))
        var rest = sample
        guard case .packet(let packet) = rest.next() else { throw Missing() }
        guard case .sample(let plain) = sample.constructor(0, of: packet),
            case .sample(let blocks) = sample.constructor(1, of: packet)
        else { throw Missing() }
        #expect(plain.track == -1 && plain.sample == 5 && plain.offset == 6 && plain.length == 7)
        #expect(plain.bytesPerBlock == 1 && plain.samplesPerBlock == 1 && !plain.hasBlocks)
        #expect(blocks.bytesPerBlock == 34 && blocks.samplesPerBlock == 64 && blocks.hasBlocks)
        #expect(sample.firstMediaSample() == blocks)
    }

    @Test("All kinds of constructors are told apart, and what is none is told")
    func constructorKinds() throws {
        let tooLong = [1, 15] + [UInt8](repeating: 0, count: 14)
        let unknown = [4] + [UInt8](repeating: 0, count: 15)
        let constructors = [
            [UInt8](repeating: 0, count: 16), HintConstructorBytes.immediate(Array(0..<14)),
            HintConstructorBytes.description(1, offset: 2, length: 3, track: -1), tooLong, unknown,
        ]
        let sample = HintSample(ByteBuffer(bytes: hintSampleBytes([HintPacketBytes(constructors: constructors)])))
        var rest = sample
        guard case .packet(let packet) = rest.next() else { throw Missing() }
        let description = HintConstructor.DescriptionReference(track: -1, length: 3, description: 1, offset: 2)
        #expect(
            (0..<5).map { sample.constructor($0, of: packet) } == [
                .nothing, .immediate(offset: 34, length: 14), .description(description), .invalid, .invalid,
            ])
    }

    @Test("Requirement 10: whatever reaches beyond the sample ends it, and the packets before it stay")
    func bounds() {
        let good = HintPacketBytes(constructors: [HintConstructorBytes.immediate([1])])
        let whole = hintSampleBytes([good, good])
        let cut = packets(whole.dropLast())
        #expect(cut.packets.count == 1 && cut.last == .damaged)
        let counted = packets(hintSampleBytes([good], count: 65_535))
        #expect(counted.packets.count == 1 && counted.last == .damaged)
        var entries = good.bytes
        entries.replaceSubrange(10..<12, with: [0xFF, 0xFF])
        #expect(packets([0, 1, 0, 0] + entries).last == .damaged)
        for length in [0, 3, 200, UInt32.max] {
            let bytes = HintPacketBytes(flags: 4).bytes + bigEndian(length) + [UInt8](repeating: 0, count: 60)
            #expect(packets([0, 1, 0, 0] + bytes).last == .damaged, "\(length)")
        }
        // A box of no length, or of too much, is no endless loop and no offset.
        for size in [0, 4, 40, UInt32.max] {
            let extra = bigEndian(size) + Array("rtpo".utf8) + bigEndian(Int32(5)) + HintPacketBytes.rtpo(9)
            let read = packets(hintSampleBytes([HintPacketBytes(extra: extra)]))
            #expect(read.packets.map(\.timestampOffset) == [0] && read.last == .end)
        }
    }

    @Test("Mutated samples end, and nothing in them lies outside")
    func mutations() {
        let fixture = hintSampleBytes(
            [
                HintPacketBytes(constructors: [HintConstructorBytes.immediate([1, 2, 3])]),
                HintPacketBytes(
                    extra: HintPacketBytes.rtpo(-3000),
                    constructors: [
                        HintConstructorBytes.sample(1, length: 40, track: -1),
                        HintConstructorBytes.description(1, offset: 0, length: 8),
                    ]),
                HintPacketBytes(flags: 3, constructors: [HintConstructorBytes.sample(2, length: 1000)]),
            ], trailing: Array(0..<40))
        var mutations = HintMutations(seed: 5)
        for _ in 0..<4000 {
            let sample = HintSample(ByteBuffer(bytes: mutations.mutated(fixture)))
            var rest = sample
            var count = 0
            while case .packet(let packet) = rest.next() {
                count += 1
                #expect(packet.end <= sample.bytes.readableBytes)
                for index in 0..<packet.constructorCount {
                    guard let constructor = sample.constructor(index, of: packet) else { continue }
                    if case .immediate(let offset, let length) = constructor {
                        #expect(offset + length <= sample.bytes.readableBytes)
                    }
                }
            }
            #expect(count <= sample.packetCount)
            _ = sample.firstMediaSample()
        }
    }
}

/// A test found nothing where something has to be.
struct Missing: Error {}
