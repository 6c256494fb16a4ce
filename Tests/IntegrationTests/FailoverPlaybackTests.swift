import Foundation
import Ingest
import NIOCore
import Server
import TestSupport
import Testing

@Suite("Two cameras for one stream while somebody records", .onQuietMachine)
struct FailoverPlaybackTests {
    @Test("the first is stopped in mid-sentence, the second goes on, the first returns: no error, a gap of two seconds")
    func stopAndReturn() async throws {
        try await withTemporaryDirectory { directory in
            try await withRelay([Self.publisher("one"), Self.publisher("two")]) { cameras in
                let first = try FrozenPublisher(cameras.url("one"), in: directory)
                let second = try FFmpegPublisher.start(cameras.url("two"), over: .tcp, in: directory)
                try await eventually("both send") { cameras.logged("publisher joined") == 2 }
                try await withRelay([Self.inOrder([cameras.url("one"), cameras.url("two")])]) { relay in
                    try await eventually("the first is on the air") { relay.onAir(1) }
                    try await record(relay, freezing: first, in: directory)
                }
                await first.tool.stop()
                await second.stop()
            }
        }
    }

    /// Six seconds of the stream, as they come.
    private func record(_ relay: RunningRelay, freezing first: FrozenPublisher, in directory: URL) async throws {
        let file = directory.appendingPathComponent("recording.mkv")
        let recorder = try OutsideTool("ffmpeg").start(
            [
                "-nostdin", "-hide_banner", "-loglevel", "error", "-rtsp_transport", "tcp", "-i", relay.url("gate"),
                "-t", "6", "-c", "copy", file.path,
            ],
            in: directory
        )
        try await eventually("it is recorded") {
            (try? FileManager.default.attributesOfItem(atPath: file.path)[.size] as? Int ?? 0) ?? 0 > 60_000
        }
        let watcher = try await relay.viewer().watch(relay.url("gate"))
        try await eventually("it is watched") { !watcher.packets(of: 0).isEmpty }
        try first.signal(SIGSTOP)
        let frozen = NIODeadline.now()
        try await eventually("the second is on the air") { relay.onAir(2) }
        // Two seconds of silence, and at most a second to its key frame.
        #expect(NIODeadline.now() - frozen < .milliseconds(4500))
        try first.signal(SIGCONT)
        try await eventually("the first has returned") { relay.logged("source on the air again") == 1 }
        let ended = try await recorder.ended(within: .seconds(20))
        #expect(ended.status == 0 && ended.complaints.isEmpty, "\(ended.complaints)")
        let complaints = try await FFmpeg.complaints(about: file)
        // A picture that was cut in two as its sender stopped is a broken one: nobody has the rest.
        #expect(complaints == [] || Self.isCutInTwo(watcher.packets(of: 0)), "\(complaints)")
        try await watcher.tearDown()
    }

    /// Whether the last picture before a silence did not end.
    private static func isCutInTwo(_ packets: [ReceivedPacket]) -> Bool {
        zip(packets, packets.dropFirst()).contains { $1.arrival - $0.arrival > .seconds(1) && !$0.marker }
    }

    private static func publisher(_ path: String) -> CameraConfiguration {
        CameraConfiguration(
            name: path, streams: [StreamConfiguration(path: path, source: .publish(AnnounceConfiguration()))])
    }

    private static func inOrder(_ urls: [String]) -> CameraConfiguration {
        var policy = FailoverPolicy()
        policy.returnAfter = .seconds(1)
        let failover = FailoverConfiguration(sources: urls.map { .pull(PullConfiguration(url: $0)) }, policy: policy)
        return CameraConfiguration(
            name: "gate", streams: [StreamConfiguration(path: "gate", source: .failover(failover))])
    }
}

/// ffmpeg as a publisher of H.264 and AAC, which can be stopped in mid-sentence.
private struct FrozenPublisher {
    let tool: RunningTool

    init(_ url: String, in directory: URL) throws {
        // The shell tells the number under which it becomes ffmpeg.
        tool = try OutsideTool("/bin/sh").start(
            [
                "-c", "echo $$; exec ffmpeg \"$@\"", "sh", "-nostdin", "-hide_banner", "-loglevel", "error",
                "-re", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25", "-re", "-f", "lavfi", "-i", "sine",
                "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "25", "-pix_fmt", "yuv420p",
                "-c:a", "aac", "-f", "rtsp", "-rtsp_transport", "tcp", url,
            ],
            in: directory
        )
    }

    func signal(_ number: Int32) throws {
        let process = try #require(tool.lines.first.flatMap { Int32($0) })
        #expect(kill(process, number) == 0)
    }
}

extension RunningRelay {
    /// Whether that source, counted from 1, ever had the air.
    fileprivate func onAir(_ source: Int) -> Bool {
        log.contains { $0.contains(" source on the air ") && $0.contains("source=\(source)") }
    }
}
