import Logging
import Media
import NIOCore
import NIOPosix
import Reflector
import TestSupport
import Testing

@testable import HLS

@Suite("LiveService")
struct LiveServiceTests {
    /// A viewer that keeps what it is told.
    private final class Witness: LiveViewer {
        struct Seen {
            var openings: [LiveOpening] = []
            var fragments: [LiveFragment] = []
            var lost: [String?] = []
            var end: LiveEnd?
        }

        let seen: Locked<Seen>
        var place: LivePlace?

        init(_ seen: Locked<Seen>) { self.seen = seen }

        var backlog: Int { 0 }
        func joined(_ place: LivePlace) { self.place = place }
        func opens(_ opening: LiveOpening) { seen.change { $0.openings.append(opening) } }
        func send(_ fragment: LiveFragment) { seen.change { $0.fragments.append(fragment) } }
        func flush() {}
        func lostGroup() {}
        func sourceChanged(lost reason: String?) { seen.change { $0.lost.append(reason) } }
        func ended(_ end: LiveEnd) { seen.change { $0.end = end } }
    }

    private struct World: Sendable {
        let service: LiveService
        let seconds = Locked(1000.0)
        let sources = Locked<[FakeSource]>([])
        let exists = Locked(true)
        static let gate = StreamPath("gate")!

        init(isAbsent: Bool = false) {
            let (seconds, sources, exists) = (seconds, sources, exists)
            let supply = StreamSupply(
                paths: { [Self.gate] }, exists: { _ in exists.value }, known: { _ in [] },
                works: { path in
                    .fake {
                        guard exists.value else { throw StreamError.closed(path) }
                        guard !isAbsent else { throw StreamError.unavailable(path) }
                        let source = FakeSource()
                        sources.change { $0.append(source) }
                        return source
                    }
                })
            service = LiveService(
                supply: supply, startTimeout: .seconds(5),
                clock: StreamClock(
                    now: { .uptimeNanoseconds(UInt64(seconds.value * 1e9)) }, wallClock: { 0 }, random: { 4 }),
                logger: Logger(label: "live", factory: { _ in SwiftLogNoOpLogHandler() }))
        }

        func source(_ number: Int = 0) async throws -> FakeSource {
            try await eventually { sources.value.count > number ? sources.value[number] : nil }
        }

        typealias Watching = (seen: Locked<Witness.Seen>, leave: @Sendable () -> Void)

        /// One who watches, and has seen the first second of the camera.
        func begin(_ camera: inout SimulatedCamera, on loop: any EventLoop) async throws -> (Watching, FakeSource) {
            let viewer = try await watch(loop)
            let source = try await source()
            source.play(&camera, for: 1, isNew: true)
            try await eventually { viewer.seen.value.fragments.count == 25 ? true : nil }
            return (viewer, source)
        }

        /// Has one watch; ends when its place is given back.
        func watch(_ loop: any EventLoop) async throws -> Watching {
            let seen = Locked(Witness.Seen())
            let witness = try await loop.submit { NIOLoopBound(Witness(seen), eventLoop: loop) }.get()
            let viewer = try await loop.submit {
                NIOLoopBound<any LiveViewer>(witness.value, eventLoop: loop)
            }.get()
            let service = service
            Task { await service.join(Self.gate, LiveWish(), viewer, on: loop) }
            return (seen, { loop.execute { witness.value.place?.leave() } })
        }
    }

    @Test("Viewers on several loops get the group under way and everything after it, the same bytes for all")
    func sharing() async throws {
        let (world, group) = (World(), MultiThreadedEventLoopGroup.singleton)
        var camera = SimulatedCamera()
        let (first, source) = try await world.begin(&camera, on: group.next())
        let second = try await world.watch(group.next())
        try await eventually { second.seen.value.fragments.count == 25 ? true : nil }
        source.play(&camera, for: 0.4)
        try await eventually { second.seen.value.fragments.count == 35 ? true : nil }
        try await eventually { first.seen.value.fragments.count == 35 ? true : nil }
        #expect(second.seen.value.fragments == first.seen.value.fragments)
        #expect(second.seen.value.fragments.first?.startsGroup == true)
        #expect(first.seen.value.openings == second.seen.value.openings && first.seen.value.openings.count == 1)
        #expect(first.seen.value.openings.first?.mediaType == "video/mp4; codecs=\"avc1.64001f,mp4a.40.2\"")
        #expect(world.sources.value.count == 1)
        #expect(await world.service.viewers(of: World.gate) == 2)
        second.leave()
        try await eventually { await world.service.viewers(of: World.gate) == 1 ? true : nil }
        await world.service.close()
        #expect(await world.service.viewers(of: World.gate) == 0)
        // It may take a while, and is not waited for.
        try await eventually { source.isEnded ? true : nil }
        try await eventually { first.seen.value.end == .stopping ? true : nil }
    }

    @Test("New tracks begin with a new opening and a key frame, and nothing of the old comes behind it")
    func changes() async throws {
        let (world, loop) = (World(), MultiThreadedEventLoopGroup.singleton.next())
        var camera = SimulatedCamera()
        let (viewer, source) = try await world.begin(&camera, on: loop)
        source.send(camera.changeResolution())
        source.play(&camera, for: 1)
        try await eventually { viewer.seen.value.fragments.count == 50 ? true : nil }
        #expect(viewer.seen.value.openings.map(\.dimensions?.width) == [1280, 640])
        #expect(viewer.seen.value.fragments[25].startsGroup)
        await world.service.close()
    }

    @Test("A source that is away is told, and goes on with a key frame of the same opening")
    func outage() async throws {
        let (world, loop) = (World(), MultiThreadedEventLoopGroup.singleton.next())
        var camera = SimulatedCamera()
        let (viewer, source) = try await world.begin(&camera, on: loop)
        world.seconds.change { $0 += 4 }
        try await eventually { viewer.seen.value.lost.count == 1 ? true : nil }
        source.send(camera.restart(after: 4))
        source.play(&camera, for: 1)
        try await eventually { viewer.seen.value.fragments.count == 50 ? true : nil }
        #expect(viewer.seen.value.lost.map { $0 == nil } == [false, true])
        #expect(viewer.seen.value.openings.count == 1 && viewer.seen.value.fragments[25].startsGroup)
        await world.service.close()
    }

    @Test("The stream is let go some seconds after its last viewer, and not before")
    func linger() async throws {
        let (world, loop) = (World(), MultiThreadedEventLoopGroup.singleton.next())
        var camera = SimulatedCamera()
        let (viewer, source) = try await world.begin(&camera, on: loop)
        world.seconds.change { $0 += 60 }
        try await eventually { viewer.seen.value.lost.count == 1 ? true : nil }
        #expect(!source.isEnded)
        viewer.leave()
        let passing = Task {
            while !Task.isCancelled {
                world.seconds.change { $0 += 1 }
                try? await Task.sleep(for: .milliseconds(20))
            }
        }
        try await eventually { source.isEnded ? true : nil }
        passing.cancel()
        // And begins anew for the next.
        let next = try await world.watch(loop)
        try await world.source(1).play(&camera, for: 3, isNew: true)
        try await eventually { next.seen.value.openings.isEmpty ? nil : true }
        await world.service.close()
    }

    @Test("A camera that does not come is waited for, and then it is said why; a stream that is no more is gone")
    func absence() async throws {
        let (world, loop) = (World(isAbsent: true), MultiThreadedEventLoopGroup.singleton.next())
        let viewer = try await world.watch(loop)
        let passing = Task {
            while !Task.isCancelled {
                world.seconds.change { $0 += 0.5 }
                try? await Task.sleep(for: .milliseconds(20))
            }
        }
        let end = try await eventually { viewer.seen.value.end }
        passing.cancel()
        guard case .unavailable(let reason) = end else {
            Issue.record("\(end)")
            return
        }
        #expect(reason.contains("gate"))
        world.exists.change { $0 = false }
        let late = try await world.watch(loop)
        #expect(try await eventually { late.seen.value.end } == .gone)
        await world.service.close()
    }

    @Test("A stream of which nothing can be shown says so")
    func unsupported() async throws {
        let (world, loop) = (World(), MultiThreadedEventLoopGroup.singleton.next())
        let viewer = try await world.watch(loop)
        let jpeg = TrackDescription(
            kind: .video, formats: [TrackFormat(payloadType: 26, codec: .mjpeg, clockRate: 90_000)])
        try await world.source().send([.tracks([StreamTrack(index: 0, description: jpeg, ssrc: 1)])])
        let end = try await eventually { viewer.seen.value.end }
        guard case .unsupported = end else {
            Issue.record("\(end)")
            return
        }
        await world.service.close()
    }
}
