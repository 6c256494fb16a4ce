import Media
import NIOCore
import RTP
import TestSupport
import Testing

@testable import Reflector

/// Bursts of a stream with H.264 and PCMU, made by hand.
private struct Bursts {
    static let tracks = [
        StreamTrack(index: 0, description: PublishedStream.video, ssrc: 1),
        StreamTrack(index: 1, description: PublishedStream.audio, ssrc: 2),
    ]
    static let wall: Int64 = 1_700_000_000_000_000_000

    var assembler = AccessUnitAssembler(tracks)
    var builder = BurstBuilder()
    var sequence: [UInt16] = [65_500, 7]
    private(set) var events: [AccessUnitFeed.Event] = []

    mutating func add(
        _ track: Int, _ payload: [UInt8], _ timestamp: UInt32, marker: Bool = true, startsGroup: Bool = false
    ) {
        builder.append(
            payload: ByteBuffer(bytes: payload),
            header: OutgoingHeader(
                marker: marker, payloadType: track == 0 ? 96 : 0, sequenceNumber: sequence[track],
                timestamp: timestamp, ssrc: UInt32(track + 1)),
            track: track, startsGroup: startsGroup)
        sequence[track] &+= 1
    }

    /// A report that `timestamp` was at so many seconds.
    mutating func report(_ track: Int, _ timestamp: UInt32, at seconds: Double) {
        var packet = ByteBuffer()
        SenderReport(
            ssrc: UInt32(track + 1), ntp: NTPTime(unixNanoseconds: Self.wall + Int64(seconds * 1e9)),
            rtpTimestamp: timestamp, packetCount: 1, octetCount: 1
        ).write(into: &packet)
        builder.append(control: packet, track: track)
    }

    mutating func send() {
        guard let burst = builder.take(at: .uptimeNanoseconds(1)) else { return }
        events += assembler.receive(burst)
    }

    /// Half a second of pictures with sound, from `seconds` on, a key picture first; reports where `offsets` has any by track.
    mutating func half(_ seconds: Double, reports offsets: [Double] = [0, 0]) {
        for (track, offset) in offsets.enumerated() {
            report(
                track, UInt32(truncatingIfNeeded: Int64(seconds * (track == 0 ? 90_000 : 8000))), at: seconds + offset)
        }
        if !offsets.isEmpty { send() }
        for picture in 0..<12 {
            let time = seconds + Double(picture) * 0.04
            add(
                0, [picture == 0 ? NALUnit.idr : NALUnit.slice, 0x88, UInt8(picture)],
                UInt32(truncatingIfNeeded: Int64((time * 90_000).rounded())), startsGroup: picture == 0)
            for piece in 0..<2 {
                add(
                    1, [UInt8](repeating: 0xFF, count: 160),
                    UInt32(truncatingIfNeeded: Int64(((time + Double(piece) * 0.02) * 8000).rounded())))
            }
            send()
        }
    }

    func units(of track: Int) -> [AccessUnit] {
        events.flatMap { event -> [AccessUnit] in
            if case .units(let units) = event { return units.filter { $0.track == track } }
            return []
        }
    }

    /// `u` for units, `d` for a discontinuity, `t` for tracks.
    var kinds: String {
        var kinds = ""
        for event in events {
            let kind =
                switch event {
                case .units: "u"
                case .discontinuity: "d"
                case .tracks: "t"
                case .ended: "e"
                }
            if kind != "u" || kinds.last != "u" { kinds += kind }
        }
        return kinds
    }
}

@Suite struct AccessUnitAssemblerTests {
    @Test("Picture and sound are on one timeline, with the wall clock beside it")
    func inStep() throws {
        var bursts = Bursts()
        bursts.half(3, reports: [0.25, 0.75])
        bursts.half(3.5, reports: [])
        let (video, audio) = (bursts.units(of: 0), bursts.units(of: 1))
        #expect(video.count == 24 && audio.count == 48)
        let first = try #require(video.first)
        #expect(first.isRandomAccess && first.presentationTime == 900_000 && first.decodeTime == 900_000)
        #expect(first.wallClock == Bursts.wall + 3_250_000_000)
        // Sound with the picture's timestamp is half a second later by the reports.
        #expect(audio[0].presentationTime == 84_000 && audio[0].duration == 160)
        #expect(audio[0].wallClock == Bursts.wall + 3_750_000_000)
        for (earlier, later) in zip(audio, audio.dropFirst()) {
            #expect(later.presentationTime - earlier.presentationTime == (later == audio[24] ? 320 : 160))
        }
        #expect(bursts.kinds == "u")
    }

    @Test("Nothing is given out before the first key picture, and nothing before its time is known")
    func begins() {
        var bursts = Bursts()
        bursts.half(1, reports: [])
        #expect(bursts.events.isEmpty)
        bursts.report(0, 0, at: 0)
        bursts.add(1, [1], 0)
        bursts.add(0, [NALUnit.slice, 0x88], 100)
        bursts.send()
        #expect(bursts.events.isEmpty)
        bursts.half(2)
        #expect(bursts.units(of: 0).count == 12 && bursts.units(of: 1).count == 24)
        #expect(bursts.kinds == "u")
    }

    @Test("Where packets of the picture are missing sound goes on, and the key picture comes behind a discontinuity")
    func losses() {
        var bursts = Bursts()
        bursts.half(0)
        bursts.sequence[0] &+= 1
        bursts.add(0, [NALUnit.slice, 0x88], 44_000)
        bursts.add(1, [UInt8](repeating: 0xFF, count: 160), 3840)
        bursts.send()
        #expect(bursts.units(of: 0).count == 12 && bursts.units(of: 1).count == 25)
        #expect(bursts.kinds == "u")
        bursts.half(0.5)
        #expect(bursts.kinds == "udu")
        #expect(bursts.units(of: 0).count == 24)
        // Of sound, nothing but the sound that is missing.
        bursts.sequence[1] &+= 3
        bursts.half(1)
        #expect(bursts.kinds == "udu")
    }

    @Test(
        "A line that moves by little is followed without a discontinuity; one that steps begins anew, and times never go back"
    )
    func steps() throws {
        var bursts = Bursts()
        bursts.half(0)
        bursts.half(0.5, reports: [0.02, 0.02])
        #expect(bursts.kinds == "u")
        bursts.half(1, reports: [0.9, 0.9])
        #expect(bursts.kinds == "udu")
        let ahead = try #require(bursts.units(of: 0).last)
        bursts.half(1.5, reports: [-2, -2])
        #expect(bursts.kinds == "ududu")
        let back = try #require(bursts.units(of: 0).last)
        #expect(back.decodeTime > ahead.decodeTime)
        #expect(abs(back.wallClock - (Bursts.wall - 60_000_000)) < 30_000_000)
        for track in 0..<2 {
            let times = bursts.units(of: track).map(\.decodeTime)
            #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
        }
        let difference =
            Double(back.presentationTime) / 90_000
            - Double(try #require(bursts.units(of: 1).last).presentationTime) / 8000
        #expect(abs(difference + 0.02) < 0.011)
    }

    @Test("Sound that steps never stops the picture")
    func soundSteps() {
        var bursts = Bursts()
        bursts.half(0)
        bursts.half(0.5, reports: [0, 2])
        bursts.half(1, reports: [0, -1])
        bursts.half(1.5, reports: [0, 0])
        #expect(bursts.kinds == "u")
        #expect(bursts.units(of: 0).count == 48)
        let times = bursts.units(of: 1).map(\.decodeTime)
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test("Bursts that were left out are a discontinuity at the next key picture")
    func interrupted() {
        var bursts = Bursts()
        bursts.half(0)
        bursts.assembler.interrupted()
        bursts.sequence = [9, 9]
        bursts.add(1, [UInt8](repeating: 0xFF, count: 160), 4000)
        bursts.send()
        #expect(bursts.units(of: 1).count == 24)
        bursts.half(0.6)
        #expect(bursts.kinds == "udu")
    }

    @Test("Parameter sets in band are told before the unit that has them")
    func parameterSets() throws {
        var bursts = Bursts()
        bursts.report(0, 0, at: 0)
        bursts.add(0, [0x67, 0x42, 0x00, 0x1E, 0x95, 0xA8], 0, marker: false, startsGroup: true)
        bursts.add(0, [0x68, 0xCE, 0x3C, 0x80], 0, marker: false)
        bursts.add(0, [NALUnit.idr, 0x88], 0)
        bursts.send()
        #expect(bursts.kinds == "tu")
        guard case .tracks(let tracks)? = bursts.events.first else { return }
        #expect(
            tracks[0].description.primary.configuration
                == .h264(
                    sequenceParameterSets: [[0x67, 0x42, 0x00, 0x1E, 0x95, 0xA8]],
                    pictureParameterSets: [[0x68, 0xCE, 0x3C, 0x80]]))
    }

    @Test("Leading pictures that refer to what is not there are left out")
    func leading() {
        var bursts = Bursts()
        bursts.report(0, 90_000, at: 0)
        let bidirectional: [UInt8] = [0x01, 0xA0]
        bursts.add(0, [NALUnit.idr, 0x88], 90_000, startsGroup: true)
        bursts.add(0, bidirectional, 82_800)
        bursts.add(0, [NALUnit.slice, 0x88], 97_200)
        bursts.send()
        #expect(bursts.units(of: 0).count == 2)
    }

    @Test("Sound alone is given out from the first report on, and its steps are discontinuities")
    func soundAlone() {
        var bursts = Bursts()
        bursts.assembler = AccessUnitAssembler([Bursts.tracks[1]])
        func sound(_ timestamp: UInt32, at seconds: Double?) {
            if let seconds { bursts.report(0, timestamp, at: seconds) }
            bursts.builder.append(
                payload: ByteBuffer(repeating: 1, count: 160),
                header: OutgoingHeader(
                    marker: false, payloadType: 0, sequenceNumber: UInt16(timestamp / 160), timestamp: timestamp,
                    ssrc: 2),
                track: 0, startsGroup: true)
            bursts.send()
        }
        sound(0, at: nil)
        sound(160, at: 0.02)
        sound(320, at: nil)
        sound(480, at: 3)
        #expect(bursts.kinds == "udu")
        #expect(bursts.units(of: 1).map(\.decodeTime) == [80_000, 80_160, 80_000 + 8 * 2980])
    }

    @Test("Mutated bursts never trap, and times of each track only grow")
    func mutations() {
        var generator = SeededGenerator(seed: 23)
        var bursts = Bursts()
        let heads: [[UInt8]] = [
            [0x65], [0x41], [0x01], [0x67], [0x68], [0x06], [0x7C, 0x85], [0x7C, 0x05], [0x7C, 0x45],
        ]
        var time: UInt32 = 0
        for round in 0..<2000 {
            time &+= .random(in: 0...7200, using: &generator)
            let isWild = Int.random(in: 0..<50, using: &generator) == 0
            if round % 5 == 0 {
                let seconds = Double(time) / 90_000 + (isWild ? Double.random(in: -1e9...1e9, using: &generator) : 0)
                bursts.report(round % 2, round % 2 == 0 ? time : time / 90 &* 8, at: seconds)
                bursts.send()
            }
            for _ in 0..<3 {
                let track = Int.random(in: 0..<2, using: &generator)
                let head = heads[Int.random(in: 0..<heads.count, using: &generator)]
                let shown = isWild ? .random(in: 0...UInt32.max, using: &generator) : track == 0 ? time : time / 90 &* 8
                bursts.add(
                    track, head + [[0x88, 0xA0, 0x44].randomElement(using: &generator) ?? 0, UInt8(round & 0xFF)],
                    shown, marker: .random(using: &generator), startsGroup: .random(using: &generator))
                if Int.random(in: 0..<30, using: &generator) == 0 { bursts.sequence[track] &+= 2 }
            }
            bursts.send()
        }
        #expect(bursts.units(of: 0).count > 100)
        for track in 0..<2 {
            let times = bursts.units(of: track).map(\.decodeTime)
            #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
            #expect(bursts.units(of: track).allSatisfy { $0.decodeTime <= $0.presentationTime })
        }
    }
}
