import Foundation
import LibAV
import Media

extension TestCameraSource {
    /// H.264 as payload type 96 (RFC 6184 §8.1).
    static func videoTrack(_ encoder: VideoEncoder) -> TrackDescription {
        var parameters = FormatParameters([.init(name: "packetization-mode", value: "1")])
        if case .h264(let sequenceSets, let pictureSets) = encoder.configuration {
            if let set = sequenceSets.first, set.count >= 4 {
                parameters["profile-level-id"] = hexadecimal(set[1...3])
            }
            parameters["sprop-parameter-sets"] = (sequenceSets + pictureSets)
                .map { Data($0).base64EncodedString() }
                .joined(separator: ",")
        }
        return TrackDescription(
            kind: .video,
            formats: [
                TrackFormat(
                    payloadType: 96,
                    codec: .h264,
                    encodingName: "H264",
                    clockRate: 90_000,
                    parameters: parameters,
                    configuration: encoder.configuration
                )
            ],
            dimensions: encoder.dimensions
        )
    }

    /// AAC as payload type 97, mode AAC-hbr (RFC 3640 §3.3.6).
    static func audioTrack(_ encoder: AudioEncoder) -> TrackDescription {
        var parameters = FormatParameters([
            .init(name: "streamtype", value: "5"),
            .init(name: "profile-level-id", value: "1"),
            .init(name: "mode", value: "AAC-hbr"),
            .init(name: "sizelength", value: "13"),
            .init(name: "indexlength", value: "3"),
            .init(name: "indexdeltalength", value: "3"),
        ])
        if case .aac(let config) = encoder.configuration {
            parameters["config"] = hexadecimal(config[...])
        }
        return TrackDescription(
            kind: .audio,
            formats: [
                TrackFormat(
                    payloadType: 97,
                    codec: .aac,
                    encodingName: "MPEG4-GENERIC",
                    clockRate: encoder.sampleRate,
                    channels: encoder.channels,
                    parameters: parameters,
                    configuration: encoder.configuration
                )
            ]
        )
    }

    private static func hexadecimal(_ bytes: ArraySlice<UInt8>) -> String {
        bytes.map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return digits.utf8.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
