import Foundation
import TestSupport
import Testing

/// The fake camera itself, judged by somebody else: what ffprobe takes for a camera is one.
@Suite(.serialized) struct FakeCameraTests {
    @Test("ffprobe plays the fake camera and decodes its pictures", arguments: ["tcp", "udp"])
    func playedByFFprobe(transport: String) async throws {
        var behaviour = FakeCameraBehaviour(tracks: [.video(group: 5), .audio()])
        behaviour.challenges = [.md5WithQop, .basic]
        let camera = try await FakeCamera.start(behaviour)
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let url = camera.url.replacing("127.0.0.1", with: "admin:s3cret@127.0.0.1")
        let output = try await OutsideTool("ffprobe").output(
            [
                "-v", "error", "-rtsp_transport", transport, "-select_streams", "v", "-read_intervals", "%+1",
                "-count_frames", "-show_entries", "stream=codec_name,width,height,nb_read_frames", "-of", "csv=p=0",
                url,
            ],
            in: directory
        )
        let fields = String(decoding: output, as: UTF8.self).split { $0 == "," || $0.isNewline }
        #expect(fields.prefix(3) == ["h264", "320", "240"])
        #expect((fields.last.flatMap { Int($0) } ?? 0) > 10)
        try await camera.stop()
    }
}
