import Foundation
import Media
import NIOCore
import RTP
import TestSupport
import Testing

@Suite struct JPEGDepacketizerTests {
    private func payloads(_ sample: SampleJPEG, limit: Int = 700) throws -> [NormalizedPayload] {
        var payloads: [NormalizedPayload] = []
        try JPEGPacketizer(maximumPayloadSize: limit).packetize(ByteBuffer(bytes: sample.bytes)) { payloads.append($0) }
        return payloads
    }

    @Test(
        "J8 a picture is a file again, with its size, sampling, tables, restart intervals and scan",
        arguments: [false, true])
    func files(hasRestarts: Bool) throws {
        var sample = SampleJPEG()
        if hasRestarts {
            sample.restartInterval = 4
            sample.sampling = 0x21
        }
        var track = try #require(Depacketizing(.mjpeg))
        for timestamp: UInt32 in 1...3 { track.receive(try payloads(sample), timestamp: timestamp) }
        #expect(track.units.count == 3)
        let made = try JPEGPicture(parsing: try #require(track.units.last?.payload))
        let meant = try JPEGPicture(parsing: ByteBuffer(bytes: sample.bytes))
        #expect(made.scan == meant.scan && made.quantizationTables == meant.quantizationTables)
        #expect(made.dimensions == meant.dimensions && made.type == meant.type)
        #expect(made.restartInterval == meant.restartInterval)
        #expect(track.units.last?.payload.readableBytesView.suffix(2) == [0xFF, 0xD9])
    }

    @Test("ffmpeg sees the same picture in the file that comes out as in the one that went in")
    func outsideJudge() async throws {
        try await withTemporaryDirectory { directory in
            let ffmpeg = OutsideTool("ffmpeg")
            _ = try await ffmpeg.output(
                ["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=318x242", "-frames:v", "1", "-huffman", "default"]
                    + ["-pix_fmt", "yuvj420p", "in.jpg"], in: directory)
            let file = ByteBuffer(bytes: try Data(contentsOf: directory.appendingPathComponent("in.jpg")))
            var payloads: [NormalizedPayload] = []
            try JPEGPacketizer().packetize(file) { payloads.append($0) }
            let dimensions = PictureDimensions(width: 318, height: 242)
            var track = try #require(Depacketizing(.mjpeg, dimensions: dimensions))
            track.receive(payloads, timestamp: 1)
            let made = Data(try #require(track.units.first?.payload).readableBytesView)
            try made.write(to: directory.appendingPathComponent("out.jpg"))
            func pixels(_ name: String) async throws -> [UInt8] {
                try await ffmpeg.output(["-v", "error", "-i", name, "-f", "rawvideo", "-"], in: directory)
            }
            let seen = try await pixels("out.jpg")
            #expect(seen.count == 318 * 242 * 3 / 2)
            #expect(seen == (try await pixels("in.jpg")))
        }
    }

    @Test("J8 tables come from the number of quality, or from an earlier picture of the same number")
    func tables() throws {
        var track = try #require(Depacketizing(.mjpeg))
        let scan: [UInt8] = [1, 2, 3, 0xFF, 0xD9]
        let head: [UInt8] = [0, 0, 0, 0, 1]
        let told = SampleJPEG.tables.flatMap { $0 }
        track.receive(head + [50, 8, 6] + scan, timestamp: 1, marker: true)
        track.receive(head + [200, 8, 6, 0, 0, 0, 0] + scan, timestamp: 2, marker: true)
        track.receive(head + [200, 8, 6, 0, 0, 0, 128] + told + scan, timestamp: 3, marker: true)
        track.receive(head + [200, 8, 6, 0, 0, 0, 0] + scan, timestamp: 4, marker: true)
        #expect(track.units.map(\.timestamp) == [1, 3, 4])
        let pictures = try track.units.map { try JPEGPicture(parsing: $0.payload) }
        #expect(pictures[0].quantizationTables.prefix(4) == [16, 11, 12, 14])
        #expect(pictures[0].quantizationTables[64..<68] == [17, 18, 18, 24])
        #expect(pictures[1].quantizationTables == told && pictures[2].quantizationTables == told)
        #expect(Array(buffer: pictures[2].scan) == [1, 2, 3])
    }

    @Test("Quality scales the tables as RFC 2435 says", arguments: [(1, 255), (25, 32), (50, 16), (75, 8), (99, 1)])
    func quality(number: UInt8, first: UInt8) {
        #expect(JPEGQuantization.tables(quality: number).first == first)
    }

    @Test(
        "J9 the size of a picture too large for RTP comes from the description, where it agrees with what RTP tells",
        arguments: [
            (PictureDimensions(width: 2560, height: 1440), [64, 180], PictureDimensions(width: 2560, height: 1440)),
            (PictureDimensions(width: 3840, height: 2160), [0, 0], PictureDimensions(width: 3840, height: 2160)),
            (PictureDimensions(width: 640, height: 476), [80, 60], PictureDimensions(width: 640, height: 476)),
            (PictureDimensions(width: 640, height: 480), [40, 30], PictureDimensions(width: 320, height: 240)),
        ] as [(PictureDimensions, [UInt8], PictureDimensions)])
    func sizes(described: PictureDimensions, blocks: [UInt8], size: PictureDimensions) throws {
        var track = try #require(Depacketizing(.mjpeg, dimensions: described))
        track.receive([0, 0, 0, 0, 1, 50] + blocks + [1, 2, 3], timestamp: 1, marker: true)
        let file = try #require(track.units.first?.payload)
        // Behind SOI, APP0 and two DQT: SOF0, its length, 8 bits, height, width.
        let start = 2 + 18 + 2 * 69
        #expect(file.getInteger(at: start, as: UInt16.self) == 0xFFC0)
        #expect(file.getInteger(at: start + 5, as: UInt16.self) == UInt16(size.height))
        #expect(file.getInteger(at: start + 7, as: UInt16.self) == UInt16(size.width))
    }

    @Test("A picture that lost a fragment is dropped, and no other", arguments: 0..<6)
    func losses(lost: Int) throws {
        var track = try #require(Depacketizing(.mjpeg))
        let payloads = try payloads(SampleJPEG())
        #expect(payloads.count == 6)
        for timestamp: UInt32 in 1...3 {
            track.receive(payloads, timestamp: timestamp, lost: timestamp == 2 ? [lost] : [])
        }
        #expect(track.units.map(\.timestamp) == [1, 3])
        #expect(track.units.map(\.followsLoss) == [false, true])
    }

    @Test("Mutated packets never trap, and what comes out has a begin and an end")
    func mutations() throws {
        var generator = SeededGenerator(seed: 2435)
        var track = try #require(Depacketizing(.mjpeg))
        let payloads = try payloads(SampleJPEG())
        for round in 0..<1500 {
            for payload in payloads {
                let isMutated = Int.random(in: 0..<6, using: &generator) == 0
                let bytes = Array(buffer: payload.payload)
                track.receive(
                    isMutated ? generator.mutate(bytes) : bytes, timestamp: UInt32(round), marker: payload.marker)
            }
        }
        #expect(track.units.count > 200)
        let areFiles = track.units.allSatisfy {
            $0.payload.readableBytesView.prefix(2) == [0xFF, 0xD8]
                && $0.payload.readableBytesView.suffix(2) == [0xFF, 0xD9]
        }
        #expect(areFiles)
    }
}
