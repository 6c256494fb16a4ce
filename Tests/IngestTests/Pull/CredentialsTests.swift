import Ingest
import Media
import NIOCore
import TestSupport
import Testing

/// Challenges of a camera that checks every answer.
@Suite(.serialized) struct CredentialsTests {
    @Test(
        "B1 B2 B3 B4 B13 every scheme is answered, the strongest first, and counts go up",
        arguments: [
            ([.basic], "Basic"), ([.md5], "Digest"), ([.md5WithQop], "algorithm=MD5"), ([.sha256], "algorithm=SHA-256"),
            ([.basic, .md5, .sha256], "algorithm=SHA-256"),
            (
                [FakeChallenge(scheme: .basic, header: "Digest realm=\"x\", nonce=\"y\", algorithm=SHA3-1024"), .md5],
                "realm=\"fake\""
            ),
        ] as [([FakeChallenge], String)])
    func schemes(challenges: [FakeChallenge], expected: String) async throws {
        var behaviour = FakeCameraBehaviour(tracks: [.video(), .audio()])
        behaviour.challenges = challenges
        try await PullBench.run(behaviour, configure: { $0.authenticate() }) { bench in
            try await bench.moreVideo()
            let answers = bench.camera.requests.compactMap { $0["Authorization"] }
            #expect(answers.count == 5)
            for answer in answers { #expect(answer.contains(expected)) }
            #expect(bench.camera.requests.count == 6, "one 401, on OPTIONS")
        }
    }

    @Test("B5 a nonce that runs out in mid-stream costs one request, and no picture")
    func staleNonce() async throws {
        var behaviour = FakeCameraBehaviour()
        behaviour.challenges = [.md5WithQop]
        behaviour.session = "1234;timeout=2"
        try await PullBench.run(behaviour, configure: { $0.authenticate() }) { bench in
            try await bench.moreVideo()
            try await bench.camera.changeNonce()
            try await eventually("a keepalive and its repetition") {
                bench.camera.requests("GET_PARAMETER").count == 2
            }
            try await eventually("one with the new nonce at once") {
                bench.camera.requests("GET_PARAMETER").count == 3
            }
            try await bench.moreVideo()
            #expect(bench.camera.connectionsAccepted == 1)
        }
    }

    @Test(
        "B6 B10 quoted, unquoted and empty fields of a challenge are read",
        arguments: [
            FakeChallenge(
                scheme: .md5, header: "Digest realm=\"44:19:b6\", nonce=\"{nonce}\", stale=\"FALSE\", domain="),
            FakeChallenge(scheme: .basic, header: "Basic realm=testrealm"),
            FakeChallenge(scheme: .md5, header: "Digest nonce={nonce},realm=,algorithm=md5"),
        ])
    func looseChallenges(challenge: FakeChallenge) async throws {
        var behaviour = FakeCameraBehaviour()
        behaviour.challenges = [challenge]
        try await PullBench.run(behaviour, configure: { $0.authenticate() }) { try await $0.moreVideo() }
    }

    @Test("B7 a URL with query and blanks in its own fashion is signed as it is sent")
    func signedQuery() async throws {
        var behaviour = FakeCameraBehaviour()
        behaviour.challenges = [.md5]
        behaviour.path = "/user=admin&channel=1&stream=0.sdp?x=%7E&y=a"
        try await PullBench.run(behaviour, configure: { $0.authenticate() }) { try await $0.moreVideo() }
    }

    @Test("B8 a change of transport describes anew before it sets up")
    func describedAnew() async throws {
        var behaviour = FakeCameraBehaviour()
        behaviour.refusesUDP = true
        behaviour.wantsDescribeFirst = true
        behaviour.challenges = [.md5]
        try await PullBench.run(
            behaviour,
            configure: {
                $0.authenticate(); $0.transport = .udp
            }
        ) { bench in
            try await bench.moreVideo()
            let methods = bench.camera.requests.filter { $0.connection == 1 }.map(\.method)
            #expect(methods.contains("DESCRIBE"))
        }
    }

    @Test("B9 a password of raw signs works and never shows in the log")
    func passwordSigns() async throws {
        let password = "p@ss:w%0r%d#1/?"
        var behaviour = FakeCameraBehaviour()
        behaviour.challenges = [.md5]
        behaviour.password = password
        try await PullBench.run(
            behaviour,
            supervised: true,
            configure: {
                $0.authenticate(); $0.password = Secret(password)
            }
        ) { bench in
            try await bench.moreVideo()
            try await bench.camera.dropConnections()
            try await eventually("down") { bench.log.contains("camera down") }
            #expect(!bench.log.lines.contains { $0.contains(password) || $0.contains("admin") })
        }
    }

    @Test("B11 a wrong password is tried once on a connection, and told")
    func wrongPassword() async throws {
        var behaviour = FakeCameraBehaviour()
        behaviour.challenges = [.md5]
        try await PullBench.run(
            behaviour,
            configure: {
                $0.authenticate(); $0.password = Secret("wrong")
            }
        ) { bench in
            let outcome = try await bench.untilEnd()
            #expect(outcome.error.isRefusedCredentials)
            #expect(bench.camera.requests.count == 2)
        }
    }
}

extension PullConfiguration {
    mutating func authenticate() {
        username = "admin"
        password = Secret("s3cret")
    }
}
