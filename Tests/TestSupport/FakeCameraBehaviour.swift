import NIOCore

/// One track a fake camera offers.
package struct FakeTrack: Sendable {
    package enum Content: Sendable {
        /// A decodable grey picture, an IDR with its parameter sets every `group` frames.
        case h264(group: Int)
        /// 160 bytes of µ-law silence a tick.
        case pcmu
        /// Nothing by itself: the test sends what it wants.
        case silent
    }

    package var content: Content
    package var payloadType: UInt8
    /// The lines from `m=` on, without line ends; `{control}` stands for the control value.
    package var lines: [String]
    package var control: String
    package var clockRate: Int

    package init(content: Content, payloadType: UInt8, lines: [String], control: String, clockRate: Int) {
        self.content = content
        self.payloadType = payloadType
        self.lines = lines
        self.control = control
        self.clockRate = clockRate
    }

    /// H.264 on payload type 96.
    package static func video(group: Int = 10, control: String = "trackID=1") -> FakeTrack {
        FakeTrack(
            content: .h264(group: group),
            payloadType: 96,
            lines: [
                "m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000",
                "a=fmtp:96 packetization-mode=1;sprop-parameter-sets=\(SyntheticH264.spropParameterSets)",
                "a=control:{control}",
            ],
            control: control,
            clockRate: 90_000
        )
    }

    /// G.711 µ-law on its static payload type 0.
    package static func audio(control: String = "trackID=2") -> FakeTrack {
        FakeTrack(
            content: .pcmu,
            payloadType: 0,
            lines: ["m=audio 0 RTP/AVP 0", "a=rtpmap:0 PCMU/8000", "a=control:{control}"],
            control: control,
            clockRate: 8_000
        )
    }

    /// An event track: says nothing unless the test does.
    package static func events(control: String = "trackID=3") -> FakeTrack {
        FakeTrack(
            content: .silent,
            payloadType: 107,
            lines: ["m=application 0 RTP/AVP 107", "a=rtpmap:107 vnd.onvif.metadata/90000", "a=control:{control}"],
            control: control,
            clockRate: 90_000
        )
    }

    /// The same track, saying nothing by itself.
    package var silenced: FakeTrack {
        var track = self
        track.content = .silent
        return track
    }
}

/// A request as it came, and what is known about it.
package struct FakeRequest: Sendable {
    package let method: String
    package let uri: String
    package let headers: [(name: String, value: String)]
    /// 0 for the first connection the camera accepted.
    package let connection: Int
    /// 1 for the first request of this method the camera ever got.
    package let nth: Int
    /// 1 for the first request of this method on this connection.
    package let nthOnConnection: Int
    package let arrival: NIODeadline

    package subscript(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// What a fake camera does with one request.
package enum FakeAnswer: Sendable {
    /// Its usual answer.
    case usual
    /// A response with the CSeq of the request and these headers.
    case status(Int, String, headers: [(String, String)] = [], body: String = "")
    /// The usual answer, its headers replaced or, where the value is `nil`, removed.
    case usualWith([(String, String?)])
    /// Bytes as they are; `{cseq}` stands for the CSeq of the request.
    case raw(String)
    /// These bytes, then the usual answer.
    case before([UInt8])
    /// The usual answer, then these bytes; both in one write.
    case after([UInt8])
    case silence
    case close
}

/// How a fake camera asks for credentials.
package struct FakeChallenge: Sendable {
    package enum Scheme: Sendable, Equatable {
        case basic
        case md5
        case sha256
    }

    package var scheme: Scheme
    /// The whole value of `WWW-Authenticate`; `{nonce}` stands for the current nonce.
    package var header: String

    package static let basic = FakeChallenge(scheme: .basic, header: "Basic realm=\"fake\"")
    package static let md5 = FakeChallenge(scheme: .md5, header: "Digest realm=\"fake\", nonce=\"{nonce}\"")
    package static let md5WithQop = FakeChallenge(
        scheme: .md5,
        header: "Digest realm=\"fake\", nonce=\"{nonce}\", algorithm=MD5, qop=\"auth\""
    )
    package static let sha256 = FakeChallenge(
        scheme: .sha256,
        header: "Digest realm=\"fake\", nonce=\"{nonce}\", algorithm=SHA-256, qop=\"auth\""
    )

    package init(scheme: Scheme, header: String) {
        self.scheme = scheme
        self.header = header
    }
}

/// Everything that may be odd about a fake camera. As made, it is a well-behaved one.
package struct FakeCameraBehaviour: Sendable {
    package var tracks: [FakeTrack]
    package var path = "/stream"
    /// Overrides the description made of `tracks`.
    package var sdp: String?
    package var lineEnd = "\r\n"
    /// `false`: status lines end behind the code (quirk A3).
    package var hasReason = true
    /// `Content-Base`, `{url}` standing for the URL without the credentials; `nil` for none.
    package var contentBase: String? = "{url}/"
    package var session = "8F4A12C09B77;timeout=60"
    package var publicMethods = "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER"
    package var challenges: [FakeChallenge] = []
    package var user = "admin"
    package var password = "s3cret"
    /// 461 to every SETUP that asks for UDP.
    package var refusesUDP = false
    /// 461 to every SETUP that asks for TCP.
    package var refusesTCP = false
    /// Everything goes well over UDP, but no packet is sent (quirk E13).
    package var udpIsSilent = false
    /// The channel the first track gets, whatever was asked; the next track gets the next pair.
    package var firstChannel: Int?
    /// SETUP is answered 401 on a connection that saw no DESCRIBE (quirk B8).
    package var wantsDescribeFirst = false
    /// At most so many sessions at a time; 453 beyond (quirk E17).
    package var sessionLimit: Int?
    package var sendsSenderReports = true
    /// Bytes thrown in front of every interleaved frame (quirk G1).
    package var garbage: [UInt8] = []
    package var frameInterval: TimeAmount = .milliseconds(20)
    /// Method → what to do; absent or `.usual` is the usual answer.
    package var answers: [String: @Sendable (FakeRequest) -> FakeAnswer] = [:]

    package init(tracks: [FakeTrack] = [.video()]) {
        self.tracks = tracks
    }
}
