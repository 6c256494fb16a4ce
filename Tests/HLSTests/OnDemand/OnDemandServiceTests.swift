import Foundation
import ISOMedia
import NIOCore
import TestSupport
import Testing

@testable import HLS

@Suite struct OnDemandServiceTests {
    @Test("A name of a file is read as it is written, and in no other way")
    func names() {
        let tag = "0123456789abcdef"
        for file in [
            OnDemandFile.variants, .playlist, .initialization(tag: tag),
            .segment(tag: tag, number: 0, ending: "ts"), .segment(tag: tag, number: 1234, ending: "m4s"),
        ] {
            #expect(OnDemandFile(file.name) == file)
        }
        for name in [
            "film.mp4", "\(tag)-01.ts", "\(tag)-+1.ts", "\(tag)--1.ts", "\(tag)-1.mp4", "\(tag)-1.ts.ts", "\(tag)-.ts",
            "0123456789ABCDEF-1.ts", "123-1.ts", "\(tag)-99999999999999999999.ts", "index.m3u8 ", "",
        ] {
            #expect(OnDemandFile(name) == nil, "\(name)")
        }
    }

    private static func service(_ configuration: HLSConfiguration = HLSConfiguration()) -> OnDemandService {
        OnDemandService(configuration: configuration) { work in work(true) }
    }

    private static func movie(_ bytes: ByteBuffer, identity: String) throws -> OnDemandMovie {
        OnDemandMovie(identity: identity, movie: try Movie(reading: bytes), bytes: bytes, owner: Nobody())
    }

    private func playlist(_ service: OnDemandService, _ movie: OnDemandMovie) async throws -> [String] {
        guard case .playlist(let text, _, _) = await service.resource(of: movie, file: .playlist) else {
            throw MovieError.notAMovie
        }
        return String(buffer: text).split(separator: "\n").map(String.init)
    }

    @Test("What the playlist names is there; names of another file, or of another cut, are not")
    func tags() async throws {
        try await withTemporaryDirectory { folder in
            let film = try await MovieFile.make(in: folder)
            let service = Self.service()
            let (old, new) = (try Self.movie(film, identity: "1-2-3-4"), try Self.movie(film, identity: "1-2-3-5"))
            let names = try await playlist(service, old).filter { !$0.hasPrefix("#") }
            #expect(names.count == 4)
            for name in names {
                let file = try #require(OnDemandFile(name))
                guard case .media(let bytes, let type, let tag) = await service.resource(of: old, file: file) else {
                    Issue.record("\(name) is not there")
                    continue
                }
                #expect(bytes.readableBytes > 1000 && type == "video/mp2t" && tag == name)
                guard case .notFound = await service.resource(of: new, file: file) else {
                    Issue.record("\(name) is of another file")
                    continue
                }
            }
            let other = Self.service(HLSConfiguration(segmentDuration: .seconds(4)))
            let first = try #require(OnDemandFile(names[0]))
            guard case .notFound = await other.resource(of: old, file: first) else {
                Issue.record("\(first) is of another cut")
                return
            }
            let fragments = Self.service(HLSConfiguration(container: .fmp4))
            let lines = try await playlist(fragments, old)
            #expect(lines.contains { $0.hasPrefix("#EXT-X-MAP:") } && lines.contains { $0.hasSuffix("-0.m4s") })
        }
    }

    @Test("What cannot be shown is refused with the reason, and sound that cannot become AAC is left out")
    func refusals() async throws {
        try await withTemporaryDirectory { folder in
            let service = Self.service()
            let odd = try await MovieFile.make(
                "odd.mov", ["-c:v", "mjpeg", "-bf", "0", "-pix_fmt", "yuvj420p"], in: folder)
            guard
                case .unsupported(let reason) = await service.resource(
                    of: try Self.movie(odd, identity: "odd"), file: .playlist)
            else {
                Issue.record("MJPEG is no HLS")
                return
            }
            #expect(reason.contains("track 1"))
            let odder = try await MovieFile.make("odd.mp4", ["-c:a", "ac3"], in: folder)
            guard
                case .playlist(let text, _, _) = await service.resource(
                    of: try Self.movie(odder, identity: "ac3"), file: .variants)
            else {
                Issue.record("there is no playlist")
                return
            }
            #expect(!String(buffer: text).contains("mp4a"))
        }
    }

    @Test("A movie that nobody asks for is let go after a minute")
    func lettingGo() async throws {
        try await withTemporaryDirectory { folder in
            let service = Self.service()
            weak var kept: Nobody?
            let film = try await MovieFile.make(in: folder)
            do {
                let owner = Nobody()
                kept = owner
                let movie = OnDemandMovie(
                    identity: "a", movie: try Movie(reading: film), bytes: film, owner: owner)
                _ = await service.resource(of: movie, file: .playlist)
            }
            #expect(service.sweep(at: .now() + .seconds(30)) && kept != nil)
            #expect(!service.sweep(at: .now() + .seconds(70)) && kept == nil)
        }
    }
}
