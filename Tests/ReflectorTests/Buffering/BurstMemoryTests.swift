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

    @Test("A viewer's start takes little more memory than its packets")
    func start() throws {
        let camera = try PublishedStream()
        try camera.publish()
        camera.sendVideo(NALUnit.idr, timestamp: 0, size: 30_000)
        for index in 1...20 { camera.sendVideo(NALUnit.slice, timestamp: UInt32(index) * 3600, size: 10_000) }
        let viewer = RecordingSubscriber()
        camera.stream.subscribe(viewer, on: camera.loop)

        let start = try #require(viewer.start)
        #expect(start.byteCount > 3 * 64 * 1024)
        #expect(start.bursts.allSatisfy { $0.byteCount <= 64 * 1024 })
        let held = start.bursts.reduce(0) { $0 + $1.bytes.storageCapacity }
        #expect(held < start.byteCount + 64 * 1024)
    }

    @Test("Forms of a burst that are unloaded hold nothing of it")
    func unloaded() {
        let variants = BurstVariants()
        weak var released: Burst?
        do {
            let bytes = ByteBuffer(repeating: 0, count: 100)
            let entry = Burst.Entry(offset: 4, length: 96, track: 0, isControl: false, endsAccessUnit: true)
            let burst = Burst(bytes: bytes, entries: [entry], arrival: .uptimeNanoseconds(0), startsGroup: true)
            released = burst
            variants.load(burst)
            #expect(variants.datagramBurst().runs.count == 1)
            variants.unload()
        }
        #expect(released == nil)
        #expect(variants.datagramBurst().runs.isEmpty)
    }
}
