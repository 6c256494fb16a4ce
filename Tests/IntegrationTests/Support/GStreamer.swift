import Foundation
import Media
import NIOCore
import TestSupport

/// GStreamer as a viewer.
struct GStreamer {
    /// What a track is made of, and how much of it a second has.
    struct Track {
        var codec: Codec
        /// Pictures or samples a second.
        var rate: Int

        /// From its payload to its raw form.
        var decoder: String {
            switch codec {
            case .h264: "rtph264depay ! h264parse ! avdec_h264"
            case .h265: "rtph265depay ! h265parse ! avdec_h265"
            case .aac: "rtpmp4gdepay ! aacparse ! avdec_aac"
            case .pcmu: "rtppcmudepay ! mulawdec"
            default: "decodebin"
            }
        }
    }

    /// Bytes of a picture of 16 by 16 in 4:2:0.
    private static let thumbnail = 16 * 16 * 3 / 2

    /// Decodes `seconds` of both tracks; whatever hinders it, or takes longer than `bound`, is a complaint.
    static func complaints(
        watching url: String, over transport: Transport, video: Track, audio: Track, seconds: Int,
        within bound: TimeAmount
    ) async throws -> [String] {
        for _ in 0..<4 {
            let complaints = try await withTemporaryDirectory { directory in
                let tool = try start(url, over: transport, video: video, audio: audio, in: directory)
                let silence = NIODeadline.now() + longestSilence
                var isSilent = false
                let complaints = try await self.complaints(of: tool, "\(seconds) s of both tracks", within: bound) {
                    let (pictures, sound) = (size(of: "pictures", in: directory), size(of: "sound", in: directory))
                    isSilent = pictures == 0 && sound == 0 && NIODeadline.now() > silence
                    return isSilent || pictures >= seconds * video.rate * thumbnail && sound >= seconds * audio.rate * 2
                }
                return isSilent ? [shownNothing] : complaints
            }
            guard complaints.contains(where: { $0.contains(Self.lostRace) || $0 == Self.shownNothing }) else {
                return complaints
            }
        }
        return ["gst-launch-1.0 never linked both tracks, or never showed anything of them"]
    }

    /// On a busy machine rtspsrc may announce that all its pads are there while it still adds one, and gst-launch-1.0 leaves that
    /// one alone for good: it has to begin again.
    private static let lostRace = "Delayed linking failed"

    /// Where two pads come at once, gst-launch-1.0 takes the handlers of a delayed link off twice, and GLib says so; they are linked.
    private static let linkedTwice = "has no handler with id"

    /// Now and then nothing at all comes out of rtspsrc over TCP, though its reception reports say that it has got every packet.
    private static let shownNothing = "GStreamer shows nothing"
    private static let longestSilence = TimeAmount.seconds(5)

    private static func start(
        _ url: String, over transport: Transport, video: Track, audio: Track, in directory: URL
    ) throws -> RunningTool {
        let pipeline = """
            rtspsrc location=\(transport.gstreamerURL(url)) tls-validation-flags=0 \
            protocols=\(transport.gstreamerProtocols) latency=200 name=s \
            s. ! application/x-rtp,media=video ! \(video.decoder) \
            ! videoscale ! videoconvert ! video/x-raw,format=I420,width=16,height=16 \
            ! filesink location=pictures sync=false buffer-mode=unbuffered \
            s. ! application/x-rtp,media=audio ! \(audio.decoder) \
            ! audioconvert ! audio/x-raw,format=S16LE,channels=1 \
            ! filesink location=sound sync=false buffer-mode=unbuffered
            """
        return try OutsideTool("gst-launch-1.0").start(
            pipeline.split(separator: " ").map(String.init), in: directory
        )
    }

    private static func complaints(
        of tool: RunningTool, _ goal: String, within bound: TimeAmount, isReached: () -> Bool
    ) async throws -> [String] {
        var complaints: [String] = []
        var looks = 0
        do {
            try await eventually("GStreamer has decoded \(goal)", within: bound) {
                looks += 1
                let hasLostRace = looks % 100 == 0 && tool.lines.contains { $0.contains(lostRace) }
                return isReached() || hasLostRace || !tool.isRunning
            }
        } catch {
            complaints.append("\(error)")
        }
        if !tool.isRunning { complaints.append("gst-launch-1.0 ended too early") }
        complaints += tool.complaints.filter { !$0.contains(linkedTwice) } + tool.lines.filter { $0.hasPrefix("WARNING") || $0.hasPrefix("ERROR") }
        // What it says from here on is none of ours: at its end it often cuts its own PAUSE off.
        tool.interrupt()
        _ = try await tool.ended(within: .seconds(10))
        return complaints
    }

    private static func size(of name: String, in directory: URL) -> Int {
        let attributes = try? FileManager.default.attributesOfItem(atPath: directory.appendingPathComponent(name).path)
        return (attributes?[.size] as? NSNumber)?.intValue ?? 0
    }
}
