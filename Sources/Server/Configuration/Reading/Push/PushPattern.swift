import RTSP

/// The URL of `to:` with its place for the camera's name.
struct PushPattern: Equatable {
    private let text: String
    let isSecure: Bool

    /// Throws unless it is an `rtsp://` or `rtsps://` URL without user and password, with no hole but `{camera}`.
    init(_ text: String) throws(Expectation) {
        let form = "rtsp://host:port/{camera}, the like with rtsps://, or rtp://host:port"
        guard let separator = text.firstRange(of: "://") else { throw Expectation(form) }
        let scheme = text[..<separator.lowerBound].lowercased()
        guard ["rtsp", "rtsps"].contains(scheme) else { throw Expectation(form) }
        let authority = text[separator.upperBound...].prefix { !"/?#".contains($0) }
        guard !authority.contains("@"), !text[separator.upperBound...].contains("@") else {
            throw Expectation(
                "a URL without user and password", hint: "write username: and password: beside the URL")
        }
        guard !authority.contains("{") else {
            throw Expectation("{camera} in the path", hint: "all cameras of a push go to one server")
        }
        let filled = text.replacing("{camera}", with: "camera")
        guard !filled.contains(where: { "{}".contains($0) }) else {
            throw Expectation(form, hint: "{camera} is the only hole there is")
        }
        let url = try CameraURL(parsing: filled)
        guard RTSPURL(url.url) != nil else { throw Expectation(form) }
        isSecure = url.isSecure
        self.text = "\(scheme)\(text[separator.lowerBound...])"
    }

    /// With the name of a camera, which needs no escaping.
    func url(of camera: String) -> String {
        text.replacing("{camera}", with: camera)
    }
}
