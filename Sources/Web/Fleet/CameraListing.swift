import Reflector

/// What `/api/v1/cameras` answers.
struct CameraListing: Sendable {
    /// In the order of the answer.
    var cameras: [CameraStatus]
    /// The host by the name under which the viewer found it, without the port; in URLs of RTSP.
    var host: String
    /// `nil` where no RTSP is served.
    var rtspPort: Int?

    var json: String {
        var json = JSONText()
        json.object { json in
            json.list("cameras") { json in
                for camera in cameras { json.object { add(camera, to: &$0) } }
            }
        }
        return json.text + "\n"
    }

    private func add(_ camera: CameraStatus, to json: inout JSONText) {
        json.add("name", camera.name)
        json.add("title", camera.title)
        json.list("groups") { list in
            for group in camera.groups { list.add(nil, group) }
        }
        add(camera.main, to: &json)
        if let sub = camera.sub { json.object("sub") { add(sub, to: &$0) } }
    }

    private func add(_ stream: CameraStatus.StreamReport, to json: inout JSONText) {
        json.add("state", stream.state.rawValue)
        json.add("reason", stream.reason)
        json.add("video", stream.video)
        json.add("width", stream.dimensions?.width)
        json.add("height", stream.dimensions?.height)
        json.add("audio", stream.audio)
        json.add("bit_rate", stream.rate?.bitsPerSecond, decimals: 0)
        json.add("frame_rate", stream.rate?.framesPerSecond, decimals: 1)
        json.add("viewers", stream.viewers)
        json.add("age", stream.age.map { Double($0.nanoseconds) / 1e9 }, decimals: 2)
        let path = stream.path.rawValue.percentEncoded
        json.object("urls") { urls in
            if let rtspPort { urls.add("rtsp", "rtsp://\(host):\(rtspPort)/\(path)") }
            urls.add("page", "/\(path)/")
            urls.add("hls", "/\(path)/index.m3u8")
            urls.add("snapshot", "/\(path)/snapshot.jpg")
        }
    }
}

extension CameraListing {
    /// The name in a `Host` field, without the port; what cannot stand in a URL is this machine.
    static func host(of field: String?) -> String {
        let field = field ?? ""
        let name = field.hasPrefix("[") ? field.prefix { $0 != "]" } + "]" : field.prefix { $0 != ":" }
        let isHost = name.utf8.allSatisfy { byte in
            let character = Character(Unicode.Scalar(byte))
            return byte < 0x80 && (character.isLetter || character.isNumber || "-._[]:%".contains(character))
        }
        return name.isEmpty || !isHost ? "localhost" : String(name)
    }
}

extension String {
    /// As a path of a URL (RFC 3986 §3.3).
    var percentEncoded: String {
        let digits = Array("0123456789ABCDEF")
        return utf8.reduce(into: "") { text, byte in
            let character = Character(Unicode.Scalar(byte))
            if character.isASCII && (character.isLetter || character.isNumber || "-._~/".contains(character)) {
                text.append(character)
            } else {
                text += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
    }
}
