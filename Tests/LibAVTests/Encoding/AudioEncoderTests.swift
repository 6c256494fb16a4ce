import Foundation
import LibAV
import Media
import NIOCore
import TestSupport
import Testing

@Suite("AudioEncoder")
struct AudioEncoderTests {
    private func encodeSine(_ count: Int, channels: Int, frequency: Double) throws -> [EncodedAudioFrame] {
        let encoder = try AudioEncoder(channels: channels, bitRate: 64_000 * channels)
        return try (0..<count).flatMap { index in
            let first = index * AudioEncoder.samplesPerFrame
            return try encoder.encode(firstSample: Int64(first)) { channel, samples in
                for sample in samples.indices {
                    let time = Double(first + sample) / 48_000
                    samples[sample] = channel == 0 ? Float(0.5 * sin(2 * .pi * frequency * time)) : 0
                }
            }
        }
    }

    @Test("the AudioSpecificConfig says AAC-LC, 48 kHz and the channels", arguments: [1, 2])
    func configuration(channels: Int) throws {
        let encoder = try AudioEncoder(channels: channels, bitRate: 64_000)
        guard case .aac(let config) = encoder.configuration, config.count >= 2 else {
            Issue.record("no AudioSpecificConfig: \(encoder.configuration)")
            return
        }
        // ISO/IEC 14496-3 §1.6.2.1: object type (5 bits), frequency index (4), channels (4).
        let head = UInt16(config[0]) << 8 | UInt16(config[1])
        #expect(head >> 11 == 2)
        #expect(head >> 7 & 0xF == 3)
        #expect(head >> 3 & 0xF == UInt16(channels))
    }

    @Test("frames follow each other by 1024 samples, from one frame before the first sample")
    func timestamps() throws {
        let frames = try encodeSine(20, channels: 2, frequency: 440)
        let expected = frames.indices.map { Int64($0 - 1) * 1024 }
        #expect(frames.map(\.timestamp) == expected)
        #expect(frames.count >= 19)
        #expect(frames.allSatisfy { $0.bytes.readableBytes > 0 && $0.bytes.readableBytes < 8192 })
    }

    @Test("ffmpeg decodes the sine that was encoded, on its channel alone", arguments: [1, 2])
    func ffmpegDecodes(channels: Int) async throws {
        let frames = try encodeSine(48, channels: channels, frequency: 1000)
        try await withTemporaryDirectory { directory in
            try Data(frames.flatMap { adts($0, channels: channels) })
                .write(to: directory.appendingPathComponent("sound.aac"))
            let decoded = try await OutsideTool("ffmpeg").output(
                ["-v", "error", "-f", "aac", "-i", "sound.aac", "-f", "s16le", "-"], in: directory
            )
            let samples = (0..<decoded.count / 2).map { index in
                Int16(bitPattern: UInt16(decoded[2 * index]) | UInt16(decoded[2 * index + 1]) << 8)
            }
            #expect(samples.count == frames.count * 1024 * channels)
            let left = stride(from: 0, to: samples.count, by: channels).map { samples[$0] }.dropFirst(4096).prefix(
                24_000)
            #expect((499...501).contains(risingZeroCrossings(Array(left))))
            #expect((left.max() ?? 0) > 14_000)
            if channels == 2 {
                let right = stride(from: 1, to: samples.count, by: 2).map { samples[$0] }.dropFirst(4096)
                #expect(right.allSatisfy { abs(Int($0)) < 300 })
            }
        }
    }

    @Test("values out of range and samples that go back are refused")
    func refuses() throws {
        #expect(throws: LibAVError.self) { _ = try AudioEncoder(channels: 3, bitRate: 64_000) }
        #expect(throws: LibAVError.self) { _ = try AudioEncoder(sampleRate: 12_345, channels: 1, bitRate: 64_000) }
        #expect(throws: LibAVError.self) { _ = try AudioEncoder(channels: 1, bitRate: 0) }
        let encoder = try AudioEncoder(channels: 1, bitRate: 64_000)
        let silence = { (_: Int, samples: UnsafeMutableBufferPointer<Float>) in samples.update(repeating: 0) }
        _ = try encoder.encode(firstSample: 0, silence)
        #expect(throws: LibAVError.self) { _ = try encoder.encode(firstSample: 1023, silence) }
        #expect(throws: LibAVError.self) { _ = try encoder.encode(firstSample: .max, silence) }
        _ = try encoder.encode(firstSample: 1024, silence)
    }

    @Test("an error of libav's carries its text and code")
    func errorText() {
        let error = #expect(throws: LibAVError.self) {
            _ = try AudioEncoder(sampleRate: 12_345, channels: 1, bitRate: 64_000)
        }
        #expect(error?.code == -22)
        #expect(error?.description == "cannot open the encoder aac: Invalid argument (libav code -22)")
    }

    private func risingZeroCrossings(_ samples: [Int16]) -> Int {
        zip(samples, samples.dropFirst()).count { $0 < 0 && $1 >= 0 }
    }

    /// Puts the seven bytes of an ADTS header (ISO/IEC 14496-3 §1.A.2.2) before an AAC-LC frame of 48 kHz.
    private func adts(_ frame: EncodedAudioFrame, channels: Int) -> [UInt8] {
        let length = frame.bytes.readableBytes + 7
        let header: [UInt8] = [
            0xFF, 0xF1, 0x4C, UInt8(channels << 6 | length >> 11), UInt8(length >> 3 & 0xFF),
            UInt8(length & 7) << 5 | 0x1F, 0xFC,
        ]
        return header + Array(frame.bytes.readableBytesView)
    }
}
