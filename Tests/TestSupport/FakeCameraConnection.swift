import NIOCore

/// One RTSP connection as the camera sees it.
final class FakeCameraConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Path {
        case interleaved(UInt8)
        case datagrams(media: Int, control: Int)
    }

    let number: Int
    /// By track index.
    private(set) var paths: [Int: Path] = [:]
    private(set) var isPlaying = false
    private(set) var hasSession = false
    /// Let go when the connection is closed, which in TLS takes the time of a farewell.
    private let core: FakeCameraCore
    private var context: ChannelHandlerContext?
    private var received = ByteBuffer()
    private var counts: [String: Int] = [:]
    private var usedCounts: Set<String> = []

    init(core: FakeCameraCore, number: Int) {
        self.core = core
        self.number = number
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        (isPlaying, hasSession) = (false, false)
        core.closed(self)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received.writeImmutableBuffer(unwrapInboundIn(data))
        while takeOne() {}
        received.discardReadBytes()
    }

    func close() { context?.close(promise: nil) }

    func write(_ bytes: [UInt8]) {
        guard let context else { return }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
    }

    // MARK: Requests in

    private func takeOne() -> Bool {
        let view = received.readableBytesView
        guard let first = view.first else { return false }
        if first == 0x24 {
            guard view.count >= 4 else { return false }
            let bytes = Array(view.prefix(4))
            let length = Int(bytes[2]) << 8 | Int(bytes[3])
            guard view.count >= 4 + length else { return false }
            let payload = Array(view.dropFirst(4).prefix(length))
            core.record.withLockedValue { $0.frames.append((bytes[1], payload)) }
            received.moveReaderIndex(forwardBy: 4 + length)
            return true
        }
        guard let end = endOfHead(Array(view)) else { return false }
        let head = String(decoding: view.prefix(end), as: UTF8.self)
        let lines = head.split(whereSeparator: \.isNewline).map(String.init)
        received.moveReaderIndex(forwardBy: end)
        guard let firstLine = lines.first else { return true }
        guard !firstLine.hasPrefix("RTSP/") else {
            core.record.withLockedValue { $0.responses.append(lines.joined(separator: "\n")) }
            return true
        }
        let words = firstLine.split(separator: " ").map(String.init)
        guard words.count == 3 else {
            close()
            return false
        }
        counts[words[0], default: 0] += 1
        let request = FakeRequest(
            method: words[0],
            uri: words[1],
            headers: lines.dropFirst().compactMap { line in
                guard let colon = line.firstIndex(of: ":") else { return nil }
                let value = line[line.index(after: colon)...].drop { $0 == " " }
                return (String(line[..<colon]), String(value))
            },
            connection: number,
            nth: core.count(words[0]),
            nthOnConnection: counts[words[0], default: 0],
            arrival: .now()
        )
        if let length = request["Content-Length"].flatMap({ Int($0) }) {
            received.moveReaderIndex(forwardBy: min(length, received.readableBytes))
        }
        core.record.withLockedValue { $0.requests.append(request) }
        carryOut(core.behaviour.answers[request.method]?(request) ?? .usual, for: request)
        return true
    }

    private func endOfHead(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        for index in 0...(bytes.count - 4) where bytes[index..<index + 4].elementsEqual([13, 10, 13, 10]) {
            return index + 4
        }
        return nil
    }

    // MARK: Answers out

    private func carryOut(_ answer: FakeAnswer, for request: FakeRequest) {
        switch answer {
        case .silence: break
        case .close: close()
        case .raw(let text):
            write(Array(text.replacing("{cseq}", with: request["CSeq"] ?? "").utf8))
        case .status(let code, let reason, let headers, let body):
            write(response(code, reason, headers: headers, body: body, to: request))
        case .usual:
            answerAsUsual(request, change: [], before: [], after: [])
        case .usualWith(let change):
            answerAsUsual(request, change: change, before: [], after: [])
        case .before(let bytes):
            answerAsUsual(request, change: [], before: bytes, after: [])
        case .after(let bytes):
            answerAsUsual(request, change: [], before: [], after: bytes)
        }
    }

    private func answerAsUsual(
        _ request: FakeRequest,
        change: [(String, String?)],
        before: [UInt8],
        after: [UInt8]
    ) {
        let usual = self.usual(for: request)
        var headers = usual.headers
        for (name, value) in change {
            headers.removeAll { $0.0 == name }
            if let value { headers.append((name, value)) }
        }
        write(before + response(usual.code, usual.reason, headers: headers, body: usual.body, to: request) + after)
        guard usual.code == 200 else { return }
        if request.method == "PLAY" {
            isPlaying = true
            core.startPump()
        } else if request.method == "TEARDOWN" {
            (isPlaying, hasSession) = (false, false)
            paths = [:]
        }
    }

    private func response(
        _ code: Int,
        _ reason: String,
        headers: [(String, String)],
        body: String,
        to request: FakeRequest
    ) -> [UInt8] {
        let end = core.behaviour.lineEnd
        var text = "RTSP/1.0 \(code)" + (core.behaviour.hasReason ? " \(reason)" : "") + end
        text += "CSeq: \(request["CSeq"] ?? "")\(end)"
        for (name, value) in headers { text += "\(name): \(value)\(end)" }
        if !body.isEmpty { text += "Content-Length: \(body.utf8.count)\(end)" }
        return Array((text + end + body).utf8)
    }

    private typealias Usual = (code: Int, reason: String, headers: [(String, String)], body: String)

    private func usual(for request: FakeRequest) -> Usual {
        if let refusal = refusal(of: request) { return refusal }
        let behaviour = core.behaviour
        switch request.method {
        case "OPTIONS":
            return (200, "OK", [("Public", behaviour.publicMethods)], "")
        case "DESCRIBE":
            var headers = [("Content-Type", "application/sdp")]
            if let base = behaviour.contentBase {
                headers.append(("Content-Base", base.replacing("{url}", with: request.uri)))
            }
            return (200, "OK", headers, behaviour.sdp ?? description)
        case "SETUP":
            return setUp(request)
        case "PLAY":
            let information = paths.keys.sorted().map { index in
                core.streams[index].information(url: core.streams[index].track.control)
            }
            let headers = [("Session", sessionIdentifier), ("RTP-Info", information.joined(separator: ","))]
            return hasSession ? (200, "OK", headers, "") : (454, "Session Not Found", [], "")
        case "TEARDOWN", "GET_PARAMETER", "SET_PARAMETER":
            return (200, "OK", [("Session", sessionIdentifier)], "")
        default:
            return (501, "Not Implemented", [], "")
        }
    }

    private var sessionIdentifier: String {
        core.behaviour.session.split(separator: ";").first.map(String.init) ?? ""
    }

    private var description: String {
        var lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=Fake", "c=IN IP4 0.0.0.0", "t=0 0", "a=control:*"]
        for track in core.behaviour.tracks {
            lines += track.lines.map { $0.replacing("{control}", with: track.control) }
        }
        return lines.joined(separator: "\r\n") + "\r\n"
    }

    private func setUp(_ request: FakeRequest) -> Usual {
        let behaviour = core.behaviour
        let asked = request["Transport"] ?? ""
        let isTCP = asked.contains("RTP/AVP/TCP")
        if behaviour.wantsDescribeFirst, counts["DESCRIBE"] == nil { return (401, "Unauthorized", [], "") }
        guard let track = behaviour.tracks.firstIndex(where: { request.uri.hasSuffix($0.control) }) else {
            return (404, "Not Found", [], "")
        }
        if isTCP ? behaviour.refusesTCP : behaviour.refusesUDP { return (461, "Unsupported Transport", [], "") }
        if let limit = behaviour.sessionLimit, !hasSession, core.sessions >= limit {
            return (453, "Not Enough Bandwidth", [], "")
        }
        let transport: String
        if isTCP {
            let wished = number(after: "interleaved=", in: asked).flatMap(UInt8.init(exactly:)) ?? 0
            let channel = behaviour.firstChannel.map { UInt8($0 + 2 * paths.count) } ?? wished
            paths[track] = .interleaved(channel)
            transport = "RTP/AVP/TCP;unicast;interleaved=\(channel)-\(channel + 1)"
        } else {
            let port = number(after: "client_port=", in: asked) ?? 0
            paths[track] = .datagrams(media: port, control: port + 1)
            transport = "RTP/AVP;unicast;client_port=\(port)-\(port + 1);server_port=\(core.serverPorts)"
        }
        hasSession = true
        core.sessionsChanged()
        return (200, "OK", [("Transport", transport), ("Session", behaviour.session)], "")
    }

    private func number(after key: String, in text: String) -> Int? {
        guard let range = text.ranges(of: key).first else { return nil }
        return Int(text[range.upperBound...].prefix { $0.isNumber })
    }

    // MARK: Credentials

    private func refusal(of request: FakeRequest) -> Usual? {
        let behaviour = core.behaviour
        guard !behaviour.challenges.isEmpty else { return nil }
        if let header = request["Authorization"], isGood(header, for: request) { return nil }
        let headers = behaviour.challenges.map { challenge in
            ("WWW-Authenticate", challenge.header.replacing("{nonce}", with: core.nonce))
        }
        return (401, "Unauthorized", headers, "")
    }

    private func isGood(_ header: String, for request: FakeRequest) -> Bool {
        let behaviour = core.behaviour
        guard header.hasPrefix("Digest ") else {
            let expected = SyntheticH264.base64(Array("\(behaviour.user):\(behaviour.password)".utf8))
            return behaviour.challenges.contains { $0.scheme == .basic } && header == "Basic \(expected)"
        }
        let fields = FakeDigest.fields(of: header)
        let scheme: FakeChallenge.Scheme = fields["algorithm"]?.uppercased() == "SHA-256" ? .sha256 : .md5
        guard let challenge = behaviour.challenges.first(where: { $0.scheme == scheme }),
            fields["nonce"] == core.nonce, fields["uri"] == request.uri, fields["username"] == behaviour.user
        else { return false }
        // A camera that offers qop wants it used, and a count that was not used before (quirk B4).
        guard challenge.header.contains("qop") == (fields["qop"] != nil) else { return false }
        if let count = fields["nc"], !usedCounts.insert("\(core.nonce) \(count)").inserted { return false }
        let expected = FakeDigest.response(
            fields, scheme: scheme, method: request.method, user: behaviour.user, password: behaviour.password
        )
        return fields["response"] == expected
    }
}
