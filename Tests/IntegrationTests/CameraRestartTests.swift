import Foundation
import Ingest
import NIOCore
import Server
import TestSupport
import Testing

@Suite("A camera that loses its power while somebody records", .onQuietMachine)
struct CameraRestartTests {
    @Test("the recording goes on without a jump and decodes to its end", arguments: ["mkv", "mp4"])
    func recording(container: String) async throws {
        let film = try await Film.make(seconds: 2, group: 25)
        let firstLife = try await RecordedCamera.start(film, unixSeconds: Date().timeIntervalSince1970)
        let cameras = [CameraConfiguration.pulled("gate", PullConfiguration(url: firstLife.url))]
        try await withRelay(cameras) { relay in
            try await withTemporaryDirectory { directory in
                let file = directory.appendingPathComponent("recording.\(container)")
                let recorder = try OutsideTool("ffmpeg").start(recording(relay.url("gate"), to: file), in: directory)
                try await eventually("three seconds are recorded", within: .seconds(30)) {
                    recorder.recordedPictures >= 75
                }
                try await firstLife.stop()
                let gone = NIODeadline.now()
                // It comes back with the clock of a camera without a battery.
                let secondLife = try await RecordedCamera.start(film, port: firstLife.port, unixSeconds: 3)
                try await eventually("the camera is pulled again") { !secondLife.camera.requests("PLAY").isEmpty }
                #expect(NIODeadline.now() - gone <= .milliseconds(1500))

                let ended = try await recorder.ended(within: .seconds(20))
                try await secondLife.stop()
                #expect(ended.status == 0 && ended.complaints.isEmpty, "\(ended.complaints)")
                #expect(try await FFmpeg.complaints(about: file) == [])
                try await expectNoJump(in: file)
            }
        }
    }

    /// Eight seconds of both tracks, copied as they come.
    private func recording(_ url: String, to file: URL) -> [String] {
        // G.711 has no place in MP4.
        let audio = file.pathExtension == "mp4" ? ["-c:a", "aac"] : ["-c:a", "copy"]
        return [
            "-nostdin", "-hide_banner", "-loglevel", "error", "-progress", "pipe:1", "-stats_period", "0.1",
            "-rtsp_transport", "tcp", "-i", url, "-t", "8", "-c:v", "copy",
        ] + audio + [file.path]
    }

    private func expectNoJump(in file: URL) async throws {
        let packets = try await OutsideTool("ffprobe").lines(
            ["-v", "error", "-show_entries", "packet=stream_index,pts_time,dts_time", "-of", "csv=p=0", file.path],
            in: file.deletingLastPathComponent()
        ).map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
        for stream in ["0", "1"] {
            let own = packets.filter { $0[0] == stream }
            let presentation = own.compactMap { Double($0[1]) }
            let decoding = own.compactMap { Double($0[2]) }
            #expect(presentation.count > 50 && presentation.count == own.count, "stream \(stream)")
            #expect((presentation.max() ?? 0) > 7.5, "stream \(stream)")
            #expect(Playback.longestStep(presentation) < 1, "stream \(stream)")
            // The very first picture is placed by ffmpeg itself, which knows no time for it yet.
            #expect(decoding == decoding.sorted(), "stream \(stream)")
            #expect(Playback.falls(Array(decoding.dropFirst())) == [], "stream \(stream)")
        }
    }
}

extension RunningTool {
    /// What ffmpeg's `-progress` last said.
    fileprivate var recordedPictures: Int {
        lines.last { $0.hasPrefix("frame=") }.flatMap { Int($0.dropFirst(6)) } ?? 0
    }
}
