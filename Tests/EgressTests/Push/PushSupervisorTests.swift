import Media
import NIOCore
import RTSP
import Reflector
import TestSupport
import Testing

@testable import Egress

@Suite struct PushSupervisorTests {
    private static let both = [SyntheticCamera.video, SyntheticCamera.audio]

    @Test("What the stream sends goes out on the channels of its tracks, without a gap, and ends with BYE and TEARDOWN")
    func pushes() async throws {
        try await RecordingServer.run { server in
            let stream = try Stream.forTests()
            let camera = try await SyntheticCamera(stream: stream, tracks: Self.both)
            try await server.pushed(stream) { supervisor in
                try await camera.sendGroup()
                try await eventually("it is live") {
                    try await camera.sendGroup()
                    return try await supervisor.status().state == .live
                }
                for _ in 0..<4 { try await camera.sendGroup() }
                try await eventually("packets of both tracks came") {
                    server.value.sequenceNumbers(on: 0).count >= 20 && server.value.sequenceNumbers(on: 2).count >= 10
                }
                for channel: UInt8 in [0, 2] {
                    let numbers = server.value.sequenceNumbers(on: channel)
                    #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $0 &+ 1 == $1 })
                }
                let announced = try #require(server.value.announcements.first)
                let sdp = String(buffer: announced.body)
                #expect(sdp.contains("a=rtpmap:96 H264/90000") && sdp.contains("m=audio"))
                #expect(announced.headers.via == RelayChain.direct.through(RelayIdentity(1)))
                let setups = server.value.requests.filter { $0.method == .setup }
                #expect(setups.allSatisfy { $0.headers["Transport"]?.hasSuffix("mode=record") == true })
            }
            try await eventually("each track says goodbye") {
                server.value.frames.count { $0.channel % 2 == 1 && $0.payload.dropFirst(8).contains(203) } >= 2
            }
            try await eventually("the session is torn down") { server.value.count(.teardown) == 1 }
            try await camera.viewersLeft()
        }
    }

    @Test("A push keeps a camera on demand wanted, and asks nothing of the server while the camera sends nothing")
    func onDemand() async throws {
        try await RecordingServer.run { server in
            let stream = try Stream.forTests(policy: StreamPolicy(onDemand: true, linger: .zero))
            var demand = stream.demand.makeAsyncIterator()
            try await server.pushed(stream) { supervisor in
                #expect(await demand.next() == true)
                #expect(try await supervisor.status().state == .awaitingStream)
                #expect(server.value.connections == 0)
                let camera = try await SyntheticCamera(stream: stream, tracks: Self.both)
                try await eventually("it is live") {
                    try await camera.sendGroup()
                    return try await supervisor.status().state == .live
                }
                // The connection stays while the camera is away, as viewers do, and nothing is announced again.
                try await camera.leave()
                let again = try await SyntheticCamera(stream: stream, tracks: Self.both)
                let before = server.value.frames.count
                try await eventually("packets flow again") {
                    try await again.sendGroup()
                    return server.value.frames.count > before + 20
                }
                #expect(server.value.count(.announce) == 1)
            }
            #expect(await demand.next() == false, "nobody wants it any more")
        }
    }

    @Test("A stream that comes back with other tracks, or through another relay, is announced anew")
    func announcedAnew() async throws {
        try await RecordingServer.run { server in
            let stream = try Stream.forTests()
            var camera = try await SyntheticCamera(stream: stream, tracks: Self.both)
            try await server.pushed(stream) { supervisor in
                try await eventually("it is live") {
                    try await camera.sendGroup()
                    return try await supervisor.status().state == .live
                }
                try await camera.leave()
                camera = try await SyntheticCamera(stream: stream, tracks: [SyntheticCamera.video])
                try await eventually("the new tracks are announced") {
                    try await camera.sendGroup()
                    return server.value.count(.record) == 2
                }
                #expect(server.value.announcements.last.map { String(buffer: $0.body).contains("m=audio") } == false)
                try await camera.leave()
                let other = RelayChain(["other"])
                camera = try await SyntheticCamera(stream: stream, tracks: [SyntheticCamera.video], via: other)
                try await eventually("the new way is announced") {
                    try await camera.sendGroup()
                    return server.value.count(.record) == 3
                }
                #expect(server.value.announcements.last?.headers.via == other.through(RelayIdentity(1)))
                #expect(try await supervisor.status().lastError == nil, "that is no loss")
                #expect(server.value.count(.teardown) == 2)
            }
        }
    }

    @Test("A server that hangs up is tried again, and the status counts it")
    func reconnects() async throws {
        let isFirst = Locked(true)
        let server: RecordingServer.Answer = { request in
            guard request.method == .getParameter || request.method == .record else { return nil }
            guard
                isFirst.change({ first in
                    defer { first = false }
                    return first
                })
            else { return nil }
            var response = RTSPResponse(.ok)
            response.headers.add("Connection", "close")
            return response
        }
        try await RecordingServer.run(answer: server) { server in
            let stream = try Stream.forTests()
            let camera = try await SyntheticCamera(stream: stream, tracks: Self.both)
            try await server.pushed(stream) { supervisor in
                try await eventually("it records a second time") {
                    try await camera.sendGroup()
                    return server.value.count(.record) == 2
                }
                try await eventually("it is live") { try await supervisor.status().state == .live }
                let status = try await supervisor.status()
                #expect(status.reconnects == 1 && status.lastError == .connection(.closed))
            }
        }
    }

    @Test(
        "A path that asks for an account, and a stream that goes round, are told as such and not asked for again and again"
    )
    func refusals() async throws {
        for (code, error, pause) in [
            (401, RecordClientError.unauthorized(hadCredentials: false), 10.0), (508, .loop, 60),
        ] {
            let log = LogRecord()
            let answer: RecordingServer.Answer = { request in
                request.method == .announce ? RTSPResponse(RTSPStatus(code: code, reason: "No")) : nil
            }
            try await RecordingServer.run(answer: answer) { server in
                let stream = try Stream.forTests()
                let camera = try await SyntheticCamera(stream: stream, tracks: Self.both)
                try await server.pushed(stream, logger: log.logger) { supervisor in
                    try await eventually("it waits") {
                        try await camera.sendGroup()
                        return log.contains("push lost")
                    }
                    let told = log.lines.first { $0.contains("push lost") }?.split(separator: "retry_seconds=").last
                    let seconds = try #require(told.flatMap { Double($0.prefix { $0 != " " }) })
                    #expect(seconds >= pause && seconds <= pause * 1.2)
                    #expect(try await supervisor.status().state == .waiting)
                    #expect(try await supervisor.status().lastError == .connection(.conversation(error)))
                    #expect(server.value.count(.announce) == 1)
                    try await stream.close().get()
                }
            }
        }
    }
}
