import NIOCore

/// One track a fake camera offers.
package struct FakeTrack: Sendable {
    /// What the track says by itself.
    package enum Content: Sendable {
        /// A decodable grey picture, an IDR with its parameter sets every `group` frames.
        case h264(group: Int)
        /// 160 bytes of µ-law silence a tick.
        case pcmu
        /// Nothing by itself: the test sends what it wants.
        case silent
    }

    /// What it says by itself.
    package var content: Content
    /// Of every packet.
    package var payloadType: UInt8
    /// The lines from `m=` on, without line ends; `{control}` stands for the control value.
    package var lines: [String]
    /// The value of `a=control`; SETUP is recognised by it.
    package var control: String
    /// Ticks a second.
    package var clockRate: Int

    /// A track of the test's own making.
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
    /// As written.
    package let method: String
    /// As written.
    package let uri: String
    /// In the order of the message.
    package let headers: [(name: String, value: String)]
    /// 0 for the first connection the camera accepted.
    package let connection: Int
    /// 1 for the first request of this method the camera ever got.
    package let nth: Int
    /// 1 for the first request of this method on this connection.
    package let nthOnConnection: Int
    /// When it was read.
    package let arrival: NIODeadline

    /// The first value of that name, in any case.
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
    /// What the answer is computed by.
    package enum Scheme: Sendable, Equatable {
        case basic
        case md5
        case sha256
    }

    /// What the answer is computed by.
    package var scheme: Scheme
    /// The whole value of `WWW-Authenticate`; `{nonce}` stands for the current nonce.
    package var header: String

    /// RFC 7617.
    package static let basic = FakeChallenge(scheme: .basic, header: "Basic realm=\"fake\"")
    /// RFC 2069.
    package static let md5 = FakeChallenge(scheme: .md5, header: "Digest realm=\"fake\", nonce=\"{nonce}\"")
    /// RFC 2617.
    package static let md5WithQop = FakeChallenge(
        scheme: .md5,
        header: "Digest realm=\"fake\", nonce=\"{nonce}\", algorithm=MD5, qop=\"auth\""
    )
    /// RFC 7616.
    package static let sha256 = FakeChallenge(
        scheme: .sha256,
        header: "Digest realm=\"fake\", nonce=\"{nonce}\", algorithm=SHA-256, qop=\"auth\""
    )

    /// A challenge in words of the test's own.
    package init(scheme: Scheme, header: String) {
        self.scheme = scheme
        self.header = header
    }
}

/// Everything that may be odd about a fake camera. As made, it is a well-behaved one.
package struct FakeCameraBehaviour: Sendable {
    /// In the order of the description.
    package var tracks: [FakeTrack]
    /// Of its one stream.
    package var path = "/stream"
    /// Overrides the description made of `tracks`.
    package var sdp: String?
    /// Of its messages.
    package var lineEnd = "\r\n"
    /// `false`: status lines end behind the code (quirk A3).
    package var hasReason = true
    /// `Content-Base`, `{url}` standing for the URL without the credentials; `nil` for none.
    package var contentBase: String? = "{url}/"
    /// The value of `Session` in answers to SETUP.
    package var session = "8F4A12C09B77;timeout=60"
    /// The value of `Public`.
    package var publicMethods = "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER"
    /// All in one 401; none lets everybody in.
    package var challenges: [FakeChallenge] = []
    /// The only account.
    package var user = "admin"
    /// Of the only account.
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
    /// One a second or so.
    package var sendsSenderReports = true
    /// Bytes thrown in front of every interleaved frame (quirk G1).
    package var garbage: [UInt8] = []
    /// Between two pictures.
    package var frameInterval: TimeAmount = .milliseconds(10)
    /// Method → what to do; absent or `.usual` is the usual answer.
    package var answers: [String: @Sendable (FakeRequest) -> FakeAnswer] = [:]

    /// A well-behaved camera.
    package init(tracks: [FakeTrack] = [.video()]) {
        self.tracks = tracks
    }
}
