import Testing

@testable import Media

@Suite("Tracks that may take each other's place")
struct TrackCompatibilityTests {
    private let video = TrackDescription(
        kind: .video, formats: [TrackFormat(payloadType: 96, codec: .h264, clockRate: 90_000)])
    private let audio = TrackDescription(
        kind: .audio,
        formats: [
            TrackFormat(
                payloadType: 97,
                codec: .aac,
                clockRate: 16_000,
                channels: 1,
                configuration: .aac(audioSpecificConfig: [0x14, 0x08])
            )
        ]
    )

    @Test("Payload type, parameter sets and control may change")
    func compatible() {
        var other = video
        other.primary.payloadType = 98
        other.control = "elsewhere"
        other.primary.configuration = .h264(sequenceParameterSets: [[0x67]], pictureParameterSets: [])
        #expect(video.isCompatible(with: other))
        #expect([video, audio].isCompatible(with: [other, audio]))
    }

    @Test("Kind, codec, clock rate, channels and the AAC configuration may not")
    func incompatible() {
        let changes: [(inout TrackDescription) -> Void] = [
            { $0.kind = .video }, { $0.primary.codec = .pcma }, { $0.primary.clockRate = 8000 },
            { $0.primary.channels = 2 }, { $0.formats.append($0.primary) },
            { $0.primary.configuration = .aac(audioSpecificConfig: [0x0C, 0x08]) },
            { $0.primary.parameters["sizelength"] = "6" },
        ]
        for change in changes {
            var other = audio
            change(&other)
            #expect(!audio.isCompatible(with: other))
        }
    }

    @Test("The same tracks in another number or order are other streams")
    func lists() {
        #expect(![video, audio].isCompatible(with: [video]))
        #expect(![video, audio].isCompatible(with: [audio, video]))
    }

    @Test("Channels that are not told are one")
    func untoldChannels() {
        var other = audio
        other.primary.channels = nil
        #expect(audio.isCompatible(with: other))
    }
}
