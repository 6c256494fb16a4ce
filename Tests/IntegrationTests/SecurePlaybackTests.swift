import Foundation
import Ingest
import RTSP
import RTSPTransport
import Server
import TestSupport
import Testing

@Suite("RTSP in TLS, as players and servers see it", .onQuietMachine)
struct SecurePlaybackTests {
    /// Gives `body` a certificate made for this run, in one file with its key.
    private func withCertificate(_ body: (CertificateFiles, CertificateFingerprint) async throws -> Void) async throws {
        try await withTemporaryDirectory { folder in
            let certificate = try SelfSignedCertificate(names: ["localhost"], serialNumber: .random(in: 1 ... .max))
            let file = folder.appending(path: "relay.pem")
            try Data((certificate.certificatePEM + certificate.privateKeyPEM).utf8).write(to: file)
            try await body(CertificateFiles(certificate: file.path(), key: file.path()), certificate.fingerprint)
        }
    }

    @Test("ffmpeg and GStreamer decode three seconds of the port for TLS, and a relay that pins it has the same stream")
    func watched() async throws {
        try await withCertificate { files, fingerprint in
            try await withRelay([.testCamera()], certificate: files) { origin in
                let pull = PullConfiguration(url: origin.secureURL("test"), trust: .fingerprint(fingerprint))
                try await withRelay([.pulled("second", pull)]) { second in
                    async let direct = FFmpeg.watch(origin.secureURL("test"), over: .tcp, seconds: 3)
                    async let behind = FFmpeg.watch(second.url("second"), over: .tcp, seconds: 3)
                    async let complaints = GStreamer.complaints(
                        watching: origin.secureURL("test"), over: .tcp, video: .init(codec: .h264, rate: 25),
                        audio: .init(codec: .aac, rate: 48_000), seconds: 3, within: .seconds(20)
                    )
                    for playback in try await [direct, behind] {
                        #expect(playback.complaints == [])
                        #expect(playback.pictures.count >= 70)
                        #expect(Playback.falls(playback.pictures) == [])
                        #expect((playback.sounds.last ?? 0) > 2)
                    }
                    #expect(try await complaints == [])
                }
            }
        }
    }

    @Test("GStreamer's server in TLS is pulled when it is pinned or believed, and refused when nobody vouches for it")
    func pulled() async throws {
        try await withCertificate { files, fingerprint in
            try await GStreamerServer.run(certificate: files.certificate) { origin in
                let url = origin.url("h264")
                let cameras = [
                    CameraConfiguration.pulled("pinned", PullConfiguration(url: url, trust: .fingerprint(fingerprint))),
                    .pulled("believed", PullConfiguration(url: url, trust: .anything)),
                    .pulled("refused", PullConfiguration(url: url)),
                ]
                try await withRelay(cameras) { relay in
                    async let pinned = FFmpeg.firstPicture(of: relay.url("pinned"))
                    async let believed = FFmpeg.firstPicture(of: relay.url("believed"))
                    #expect(try await pinned == [])
                    #expect(try await believed == [])
                    try await eventually("the refusal, with the fingerprint to pin") {
                        relay.log.contains {
                            $0.contains("camera down camera=refused") && $0.contains("fingerprint: \(fingerprint)")
                        }
                    }
                    #expect(!relay.log.contains { $0.contains("camera up camera=refused") })
                }
            }
        }
    }
}
