import Media
import NIOCore
import RTP
import Testing

@Suite struct NALUnitDepacketizerTests {
    private static let key: [[UInt8]] = [Sample.sps, Sample.pps, Sample.sei, Sample.long([0x65, 0x88], 3000)]
    private static let picture: [[UInt8]] = [Sample.long([0x41, 0x9A], 900), Sample.long([0x41, 0x44], 700)]

    private func h264(_ configuration: CodecConfiguration = .none) throws -> Depacketizing {
        try #require(Depacketizing(.h264, configuration: configuration))
    }

    @Test(
        "Units of H.264 are what was packetized, whole and in fragments, with the sequence numbers and timestamps wrapping"
    )
    func h264Units() throws {
        var track = try h264()
        let units = [Self.key] + Array(repeating: Self.picture, count: 20)
        for (index, unit) in units.enumerated() {
            track.receive(packetized(unit), timestamp: UInt32.max - 7000 &+ UInt32(index) &* 3600)
        }
        #expect(track.units.map(\.payload) == units.map { prefixed($0) })
        #expect(track.units.map(\.isRandomAccess) == [true] + Array(repeating: false, count: 20))
        #expect(!track.units.contains { $0.followsLoss })
        #expect(track.units[2].timestamp == UInt32.max - 7000 &+ 7200)
    }

    @Test("Units of H.265 are what was packetized, and leading pictures are told")
    func h265Units() throws {
        var track = try #require(Depacketizing(.h265))
        let units: [[[UInt8]]] = [
            [Sample.vps265, Sample.sps265, Sample.pps265, Sample.long([0x2A, 0x01, 0xAF], 2000)],
            [[0x10, 0x01, 0xD0, 0x55]], [Sample.slice265],
        ]
        for (index, unit) in units.enumerated() {
            track.receive(packetized(unit, isH265: true), timestamp: UInt32(index))
        }
        #expect(track.units.map(\.payload) == units.map { prefixed($0) })
        #expect(track.units.map(\.isLeading) == [false, true, false])
        #expect(track.units.map(\.isRandomAccess) == [true, false, false])
    }

    @Test("Aggregates are taken apart, and access unit delimiters left out")
    func aggregates() throws {
        var track = try h264()
        track.receive(Sample.aggregate([Sample.aud, Sample.sps, Sample.pps]), timestamp: 1, marker: false)
        track.receive(Sample.idr, timestamp: 1, marker: true)
        #expect(track.units.map(\.payload) == [prefixed([Sample.sps, Sample.pps, Sample.idr])])
        var other = try #require(Depacketizing(.h265))
        let aggregate = Sample.aggregate([0x60, 0x01], [Sample.vps265, Sample.sps265, Sample.idr265])
        other.receive(aggregate, timestamp: 1, marker: true)
        #expect(other.units.map(\.payload) == [prefixed([Sample.vps265, Sample.sps265, Sample.idr265])])
    }

    @Test("Parameter sets that change are told with the unit that has them, once")
    func parameterSets() throws {
        var track = try h264(.h264(sequenceParameterSets: [Sample.sps], pictureParameterSets: [Sample.pps]))
        for sets in [[Sample.sps, Sample.pps], [Sample.otherSPS, Sample.pps], [Sample.otherSPS]] {
            track.receive(packetized(sets + [Sample.idr]), timestamp: UInt32(track.sequence))
        }
        #expect(
            track.units.map(\.configuration) == [
                nil, .h264(sequenceParameterSets: [Sample.otherSPS], pictureParameterSets: [Sample.pps]), nil,
            ])
    }

    @Test("Parameter sets between two pictures stay with the second, whatever their timestamp")
    func setsBetween() throws {
        var track = try h264()
        track.receive(packetized(Self.key), timestamp: 1)
        track.receive(Sample.otherSPS, timestamp: 1, marker: false)
        track.receive(Sample.pps, timestamp: 2, marker: false)
        track.receive(Sample.slice, timestamp: 3, marker: true)
        #expect(track.units.last?.payload == prefixed([Sample.otherSPS, Sample.pps, Sample.slice]))
        #expect(track.units.map(\.timestamp) == [1, 3])
    }

    @Test("I1 a unit without marker ends where the timestamp changes")
    func noMarkers() throws {
        var track = try h264()
        for timestamp: UInt32 in 1...3 {
            track.receive(timestamp == 1 ? Sample.idr : Sample.slice, timestamp: timestamp, marker: false)
            track.receive([0x41, 0x44, 1], timestamp: timestamp, marker: false)
        }
        #expect(track.units.map(\.timestamp) == [1, 2])
        #expect(track.units.last?.payload == prefixed([Sample.slice, [0x41, 0x44, 1]]))
    }

    @Test("Markers on every slice are found out, and from the next key picture on units are whole")
    func markersOnSlices() throws {
        var track = try h264()
        for timestamp: UInt32 in 1...8 {
            let isKey = timestamp % 3 == 1
            track.receive(isKey ? Sample.idr : Sample.slice, timestamp: timestamp, marker: true)
            track.receive(isKey ? Sample.secondIDRSlice : [0x41, 0x44, 1], timestamp: timestamp, marker: true)
        }
        #expect(track.units.map(\.timestamp) == [1, 4, 5, 6, 7])
        #expect(track.units.map(\.followsLoss) == [false, true, false, false, false])
        #expect(track.units[1].payload == prefixed([Sample.idr, Sample.secondIDRSlice]))
    }

    @Test("What is lost costs all up to the next random access point", arguments: 0..<4)
    func losses(lost: Int) throws {
        var track = try h264()
        track.receive(packetized(Self.key), timestamp: 0)
        track.receive(packetized(Self.picture), timestamp: 1, lost: [lost])
        for timestamp: UInt32 in 2...4 { track.receive(packetized(Self.picture), timestamp: timestamp) }
        track.receive(packetized(Self.key), timestamp: 5)
        track.receive(packetized(Self.picture), timestamp: 6)
        #expect(track.units.map(\.timestamp) == [0, 5, 6])
        #expect(track.units.map(\.followsLoss) == [false, true, false])
    }

    @Test("A key picture without its first slice is none")
    func firstSliceLost() throws {
        var track = try h264()
        let key: [[UInt8]] = [Sample.idr, Sample.secondIDRSlice]
        track.receive(packetized(key), timestamp: 0)
        track.receive(packetized(key), timestamp: 1, lost: [0])
        track.receive(packetized(key), timestamp: 2)
        #expect(track.units.map(\.timestamp) == [0, 2])
    }

    @Test("Where the stream says that a group begins, decoding begins, whatever the picture is")
    func toldGroup() throws {
        var track = try h264()
        track.receive(Sample.slice, timestamp: 0, marker: true)
        track.receive(Sample.slice, timestamp: 1, marker: true, beginsGroup: true)
        track.receive(Sample.recoveryPoint, timestamp: 2, marker: false)
        track.receive(Sample.slice, timestamp: 2, marker: true)
        #expect(track.units.map(\.timestamp) == [1, 2])
        #expect(track.units.map(\.isRandomAccess) == [true, true])
    }

    @Test("B slices are told")
    func bidirectional() throws {
        var track = try h264()
        track.receive(Sample.idr, timestamp: 0, marker: true)
        // first_mb_in_slice 0, slice_type 1 and 6, then 5: `1 010…`, `1 00111…`, `1 00110…`.
        for slice in [[0x01, 0xA0] as [UInt8], [0x01, 0x9C], [0x41, 0x98]] {
            track.receive(slice, timestamp: UInt32(track.sequence), marker: true)
        }
        #expect(track.units.map(\.isBidirectional) == [false, true, true, false])
    }

    @Test("I18 a picture that never ends is dropped at its bound, and the next random access point is taken")
    func endless() throws {
        var track = try h264()
        track.receive(packetized([Sample.idr]), timestamp: 0)
        track.receive([0x7C, 0x85, 0x88], timestamp: 1, marker: false)
        let piece = ByteBuffer(bytes: [0x7C, 0x05] + [UInt8](repeating: 0xAA, count: 60_000))
        for _ in 0..<300 { track.receive(piece, timestamp: 1, marker: false) }
        for _ in 0..<5000 { track.receive(Sample.slice, timestamp: 2, marker: false) }
        track.receive(packetized([Sample.idr]), timestamp: 3)
        #expect(track.units.map(\.timestamp) == [0, 3])
        #expect(track.units.last?.followsLoss == true)
    }

    @Test("Mutated packets never trap, and what comes out has lengths that fit")
    func mutations() throws {
        var generator = SeededGenerator(seed: 6184)
        for isH265 in [false, true] {
            var track = try #require(Depacketizing(isH265 ? .h265 : .h264))
            let units =
                isH265
                ? [[Sample.vps265, Sample.sps265, Sample.long([0x26, 0x01, 0xAF], 900)], [Sample.slice265]]
                : [Self.key, Self.picture]
            var count = 0
            for round in 0..<2500 {
                for payload in packetized(units[round % 2], isH265: isH265) {
                    let isMutated = Int.random(in: 0..<3, using: &generator) == 0
                    let bytes = Array(buffer: payload.payload)
                    track.receive(
                        isMutated ? generator.mutate(bytes) : bytes, timestamp: UInt32(round / 2),
                        marker: isMutated ? .random(using: &generator) : payload.marker)
                    if Int.random(in: 0..<40, using: &generator) == 0 { track.sequence += 3 }
                    count += 1
                }
            }
            #expect(count > 4000 && track.units.count > 100)
            let areSound = track.units.allSatisfy {
                LengthPrefix.nalUnits(in: $0.payload, lengthSize: 4)?.isEmpty == false
            }
            #expect(areSound)
        }
    }
}
