import NIOCore
import Testing

@testable import Reflector

/// What bursts hold in memory, beside what is in them.
@Suite struct BurstMemoryTests {
    @Test("A small burst behind a large one is not held in a large buffer")
    func fitting() throws {
        let camera = try PublishedStream()
        try camera.publish()
        let viewer = RecordingSubscriber()
        camera.stream.subscribe(viewer, on: camera.loop)
        for index in 0..<20 {
            camera.sendVideo(NALUnit.idr, timestamp: UInt32(index) * 3600, size: 30_000)
            for part in 0..<3 { camera.sendAudio(timestamp: UInt32(index * 3 + part) * 160) }
        }
        #expect(viewer.bursts.count == 80)
        for burst in viewer.bursts {
            #expect(burst.bytes.storageCapacity <= 2 * burst.byteCount)
            #expect(burst.entries.reduce(0) { $0 + $1.length + Burst.framingLength } == burst.byteCount)
        }
    }

    @Test("A viewer's start is cut into portions that are full, but for the last")
    func start() throws {
        let camera = try PublishedStream()
        try camera.publish()
        camera.sendVideo(NALUnit.idr, timestamp: 0, size: 30_000)
        for index in 1...70 { camera.sendVideo(NALUnit.slice, timestamp: UInt32(index) * 3600, size: 10_000) }
        let viewer = RecordingSubscriber()
        camera.stream.subscribe(viewer, on: camera.loop)

        let start = try #require(viewer.start)
        #expect(start.byteCount > 2 * StreamStart.portion)
        #expect(start.bursts.allSatisfy { $0.byteCount <= StreamStart.portion })
        #expect(start.bursts.dropLast().allSatisfy { $0.byteCount > StreamStart.portion - 2048 })
        let held = start.bursts.reduce(0) { $0 + $1.bytes.storageCapacity }
        #expect(held < start.byteCount + StreamStart.portion)
    }

    @Test("Who joins within a moment of each other shares a large start, and goes on without a gap")
    func sharedStart() throws {
        let camera = try PublishedStream()
        try camera.publish()
        camera.sendVideo(NALUnit.idr, timestamp: 0, size: 30_000)
        for index in 1...40 { camera.sendVideo(NALUnit.slice, timestamp: UInt32(index) * 3600, size: 30_000) }
        let viewers = (0..<6).map { _ in RecordingSubscriber() }
        for (index, viewer) in viewers.enumerated() {
            camera.stream.subscribe(viewer, on: camera.loop)
            camera.sendVideo(NALUnit.slice, timestamp: UInt32(41 + index) * 3600, size: 30_000)
            camera.sendAudio(timestamp: UInt32(index) * 160, after: .milliseconds(1))
        }
        // 41 ms from one to the next: the fifth is beyond the 150 ms.
        #expect(Set(viewers.compactMap { $0.start?.bursts.first.map { ObjectIdentifier($0) } }).count == 2)
        for viewer in viewers {
            let packets = viewer.packets(of: 0)
            #expect(packets.last?.timestamp == viewers[0].packets(of: 0).last?.timestamp)
            for (earlier, later) in zip(packets, packets.dropFirst()) {
                #expect(later.sequenceNumber.distance(from: earlier.sequenceNumber) == 1)
            }
        }
        #expect(viewers[0].start?.firstPackets[1] == nil)
        for viewer in viewers.dropFirst() {
            let first = viewer.packets(of: 1).first
            #expect(first?.sequenceNumber.rawValue == viewer.start?.firstPackets[1]?.sequenceNumber)
        }
    }
}
