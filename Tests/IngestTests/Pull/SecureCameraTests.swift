import NIOCore
import RTSP
import TestSupport
import Testing

@testable import Ingest
@testable import RTSPTransport

/// Cameras that speak RTSP in TLS.
@Suite(.serialized) struct SecureCameraTests {
    private let certificate: ServerCertificate

    init() throws {
        let made = try SelfSignedCertificate(names: ["localhost"], serialNumber: 7)
        certificate = try ServerCertificate(
            certificatePEM: Array(made.certificatePEM.utf8), keyPEM: Array(made.privateKeyPEM.utf8)
        )
    }

    /// What a camera has before each connection; `seen` is given the first bytes of each.
    private func tls(
        seeing seen: (@Sendable (any Channel, [UInt8]) -> Void)? = nil
    ) -> @Sendable (any Channel) throws -> Void {
        { [certificate] channel in
            if let seen { try channel.pipeline.syncOperations.addHandler(FirstBytes(seen)) }
            try channel.pipeline.syncOperations.addHandler(certificate.makeHandler())
        }
    }

    @Test("L8 a self-signed camera is pulled when it is pinned, or believed by choice, and nothing else is asked of it")
    func selfSigned() async throws {
        for trust in [PeerTrust.fingerprint(certificate.fingerprint), .anything] {
            try await PullBench.run(inFront: tls(), configure: { $0.trust = trust }) { bench in
                try await bench.moreVideo()
                #expect(bench.camera.connectionsAccepted == 1)
                #expect(bench.camera.requests("PLAY").map(\.uri).allSatisfy { $0.hasPrefix("rtsps://127.0.0.1:") })
            }
        }
    }

    @Test("L8 otherwise it is refused before it hears a password, and the reason has the fingerprint to pin")
    func refused() async throws {
        let other = CertificateFingerprint(ofDER: [1])
        for (trust, failure) in [
            (PeerTrust.authorities, TLSFailure.notVouchedFor(shown: certificate.fingerprint)),
            (.fingerprint(other), .otherCertificate(shown: certificate.fingerprint)),
        ] {
            try await PullBench.run(
                inFront: tls(),
                configure: {
                    $0.trust = trust
                    $0.username = "admin"
                }
            ) { bench in
                let error = try await bench.untilEnd().error
                #expect(error == .connection(.insecure(failure)))
                #expect("\(error)".contains("fingerprint: \(certificate.fingerprint)"))
                #expect(bench.camera.requests.isEmpty)
                #expect(bench.camera.connectionsAccepted == 1)
            }
        }
    }

    @Test("L8 a camera is told the name it is looked for under; one that breaks off at it is asked again without")
    func breaksAtName() async throws {
        let names = Locked<[Bool]>([])
        let breaking = tls { channel, hello in
            let hasName = hello.firstRange(of: Array("localhost".utf8)) != nil
            names.change { $0.append(hasName) }
            if hasName { channel.close(promise: nil) }
        }
        try await PullBench.run(
            inFront: breaking,
            configure: { pull in
                pull.trust = .fingerprint(certificate.fingerprint)
                pull.url = pull.url.replacing("127.0.0.1", with: "localhost")
            }
        ) { bench in
            try await bench.moreVideo()
            #expect(names.value.prefix(2) == [true, false])
            #expect(bench.log.contains("trying TLS without the camera's name"))
        }
    }

    @Test("L8 an address is never told as a name, and a camera that breaks off at it is not tried twice")
    func addressIsNoName() async throws {
        let hellos = Locked<[[UInt8]]>([])
        let breaking = tls { channel, hello in
            hellos.change { $0.append(hello) }
            channel.close(promise: nil)
        }
        try await PullBench.run(inFront: breaking, configure: { $0.trust = .anything }) { bench in
            let error = try await bench.untilEnd().error
            guard case .connection(.insecure(.broken)) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(hellos.value.count == 1)
            #expect(hellos.value.allSatisfy { $0.firstRange(of: Array("127.0.0.1".utf8)) == nil })
        }
    }

    @Test("D8 E18 a camera with rtsps controls and plain RTP in its description is played inside of TLS, by TCP alone")
    func plainInside() async throws {
        var behaviour = FakeCameraBehaviour()
        behaviour.sdp = """
            v=0\r
            m=video 0 RTP/AVP 96\r
            a=rtpmap:96 H264/90000\r
            a=control:rtsps://10.0.0.9:322/stream/trackID=1\r

            """
        behaviour.refusesUDP = true
        try await PullBench.run(
            behaviour, inFront: tls(),
            configure: {
                $0.trust = .anything
                $0.transport = .udp
            }
        ) { bench in
            try await bench.moreVideo()
            #expect(bench.camera.requests("SETUP").map(\.uri) == ["\(bench.camera.url)/trackID=1"])
            let transports = bench.camera.requests("SETUP").compactMap { $0["Transport"] }
            #expect(transports.allSatisfy { $0.hasPrefix("RTP/AVP/TCP;") })
        }
    }

    @Test("A8 a redirection out of TLS is refused, and nobody else is asked")
    func outOfTLS() async throws {
        let open = try await FakeCamera.start()
        var behaviour = FakeCameraBehaviour()
        let location = open.url
        behaviour.answers["DESCRIBE"] = { _ in .status(302, "Found", headers: [("Location", location)]) }
        try await PullBench.run(behaviour, inFront: tls(), configure: { $0.trust = .anything }) { bench in
            let error = try await bench.untilEnd().error
            guard case .connection(.conversation) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(open.connectionsAccepted == 0)
        }
        try await open.stop()
    }

    @Test("A8 a redirection into TLS is followed")
    func intoTLS() async throws {
        let secure = try await FakeCamera.start(inFront: tls())
        var behaviour = FakeCameraBehaviour()
        let location = secure.url
        behaviour.answers["DESCRIBE"] = { _ in .status(302, "Found", headers: [("Location", location)]) }
        try await PullBench.run(behaviour, configure: { $0.trust = .anything }) { bench in
            try await bench.moreVideo()
            #expect(secure.requests("PLAY").count == 1)
        }
        try await secure.stop()
    }

    @Test("a port without TLS, and one that never answers a greeting, are told in words")
    func noTLS() async throws {
        let plain = try await FakeCamera.start()
        try await PullBench.run(configure: { pull in
            pull.url = plain.url.replacing("rtsp:", with: "rtsps:")
            pull.trust = .anything
            pull.timeout = .milliseconds(300)
        }) { bench in
            let error = try await bench.untilEnd().error
            #expect("\(error)".hasPrefix("no TLS: "), "\(error)")
            #expect("\(error)".hasSuffix("check that this is the port for rtsps"))
        }
        try await plain.stop()
        try await PullBench.run(
            inFront: { try $0.pipeline.syncOperations.addHandler(Swallow()) },
            configure: {
                $0.trust = .anything
                $0.timeout = .milliseconds(300)
            }
        ) { bench in
            let error = try await bench.untilEnd().error
            #expect(error == .connection(.insecure(.silent)))
        }
    }
}

/// Shows what a connection begins with before it goes on.
private final class FirstBytes: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let seen: @Sendable (any Channel, [UInt8]) -> Void
    private var isFirst = true

    init(_ seen: @escaping @Sendable (any Channel, [UInt8]) -> Void) {
        self.seen = seen
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isFirst {
            isFirst = false
            seen(context.channel, Array(Self.unwrapInboundIn(data).readableBytesView))
        }
        context.fireChannelRead(data)
    }
}

/// Takes everything and says nothing.
private final class Swallow: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}
}
