/// Keys the relay will have and does not have yet. They are refused rather than passed over,
/// so that nobody believes a camera recorded or a port encrypted that is not.
enum PlannedKeys {
    private static let keys: Set<String> = [
        "advertise", "anonymous", "api", "audio", "cluster", "events", "exclusive",
        "group", "hold", "include", "metrics", "onvif",
        "password_file", "record", "recording", "snapshot", "tunnel",
        "users", "version", "webrtc",
    ]
    private static let schemes: Set<String> = [
        "file", "http", "https", "onvif", "rtmp", "rtmps", "rtspu", "sdp", "srt", "whep",
    ]

    static func contains(_ key: String) -> Bool {
        keys.contains(key)
    }

    static func contains(scheme: String) -> Bool {
        schemes.contains(scheme.lowercased())
    }
}
