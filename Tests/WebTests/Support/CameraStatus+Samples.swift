import Media
import Reflector

@testable import Web

extension CameraStatus {
    /// A camera that is well, with a sub stream that nobody watches.
    static var gate: CameraStatus {
        CameraStatus(
            name: "gate", title: "Main \"gate\"", groups: ["north", "south"],
            main: StreamReport(
                StreamStatus(
                    source: .live, tracks: [.video, .sound], viewers: 3,
                    rate: StreamRate(bitsPerSecond: 2_100_000.4, framesPerSecond: 24.96), age: .milliseconds(40)),
                at: .known("gate")),
            sub: StreamReport(StreamStatus(source: .unwanted), at: .known("gate/sub")))
    }
}

extension StreamPath {
    static func known(_ text: String) -> StreamPath {
        guard let path = StreamPath(text) else { preconditionFailure("\(text) is no path") }
        return path
    }
}

extension StreamTrack {
    /// H.264 of 1280 by 720 pixels as the description tells.
    static let video = StreamTrack(
        index: 0,
        description: TrackDescription(
            kind: .video,
            formats: [TrackFormat(payloadType: 96, codec: .h264, encodingName: "H264", clockRate: 90_000)],
            dimensions: PictureDimensions(width: 1280, height: 720)),
        ssrc: 1)
    static let sound = StreamTrack(
        index: 1,
        description: TrackDescription(
            kind: .audio,
            formats: [TrackFormat(payloadType: 8, codec: .pcma, encodingName: "PCMA", clockRate: 8000)]),
        ssrc: 2)
}
