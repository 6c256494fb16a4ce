import Testing

@testable import RTSP

@Suite struct RecordTargetsTests {
    private func targets(
        _ uri: String = "rtsp://relay:8554/van-1", _ controls: [String?] = ["streamid=0", "streamid=1"],
        session: String? = nil
    ) -> RecordTargets {
        RecordTargets(announced: uri, sessionControl: session, controls: controls)
    }

    @Test("a track goes by its control behind the URL that was announced, with or without slashes and host")
    func relative() {
        let targets = self.targets()
        #expect(targets.scope(of: "rtsp://relay:8554/van-1/streamid=1") == .track(1))
        #expect(targets.scope(of: "rtsp://10.0.0.1/van-1/streamid=0/") == .track(0))
        #expect(targets.scope(of: "/van-1/streamid=0") == .track(0))
        #expect(targets.scope(of: "rtsp://relay:8554/van-1") == .aggregate)
        #expect(targets.scope(of: "rtsp://relay:8554/van-1/") == .aggregate)
    }

    @Test("M3 FFmpeg puts the track behind the query, GStreamer before it")
    func query() {
        let targets = self.targets("rtsp://relay/van-1?key=x")
        #expect(targets.scope(of: "rtsp://relay/van-1?key=x/streamid=1") == .track(1))
        #expect(targets.scope(of: "rtsp://relay/van-1/streamid=1?key=x") == .track(1))
        #expect(targets.scope(of: "rtsp://relay/van-1?key=x") == .aggregate)
    }

    @Test("an absolute control is taken as it is, one of the session is the base of the others")
    func absolute() {
        let own = self.targets("rtsp://relay/van-1", ["rtsp://relay/van-1/video", "rtsp://relay/van-1/audio"])
        #expect(own.scope(of: "rtsp://relay/van-1/audio") == .track(1))
        let based = self.targets(session: "rtsp://relay/other/")
        #expect(based.scope(of: "rtsp://relay/other/streamid=1") == .track(1))
        #expect(based.scope(of: "rtsp://relay/other/") == .aggregate)
        #expect(based.scope(of: "rtsp://relay/van-1") == .aggregate)
    }

    @Test("tracks without a control go by a number of the publisher's own")
    func nameless() {
        let targets = self.targets("rtsp://relay/van-1", [nil, nil])
        #expect(targets.scope(of: "rtsp://relay/van-1/trackID=1") == .track(1))
        #expect(targets.scope(of: "rtsp://relay/van-1/0") == .track(0))
        #expect(targets.scope(of: "rtsp://relay/van-1/trackID=2") == nil)
        #expect(targets.scope(of: "rtsp://relay/van-1/a/trackID=1") == nil)
    }

    @Test("what is not of the session is nothing of it")
    func foreign() {
        let targets = self.targets()
        for uri in [
            "rtsp://relay/van-2/streamid=0", "rtsp://relay/van-1/streamid=2", "rtsp://relay/van-11", "*", "", "/",
        ] {
            #expect(targets.scope(of: uri) == nil)
        }
    }

    @Test("Mutated URLs and controls neither trap nor name a track there is not")
    func mutations() {
        let samples = [
            "rtsp://relay/van-1?key=x/streamid=1", "streamid=0", "/van-1/trackID=1", "rtsp://[::1]/van-1//9",
        ]
        forEachMutation(of: samples, seed: 34) { text in
            let targets = RecordTargets(announced: text, sessionControl: text, controls: [text, nil, "streamid=1"])
            for uri in samples + [text] {
                guard case .track(let track) = targets.scope(of: uri) else { continue }
                #expect((0..<3).contains(track))
            }
        }
    }
}
