import NIOCore

/// Who asks for the playlist of a stream: as viewers of HLS have no session, those are watching who have asked of late.
struct Audience {
    /// More are not told apart, in entries: whoever asks may say that he is somebody else.
    private static let most = 10_000

    private var lastAsked: [Int: NIODeadline] = [:]

    /// `viewer` tells one from the other.
    mutating func asked(_ viewer: Int, at now: NIODeadline) {
        guard lastAsked.count < Self.most || lastAsked[viewer] != nil else { return }
        lastAsked[viewer] = now
    }

    /// Forgets who has not asked for so long.
    mutating func timePassed(at now: NIODeadline, patience: TimeAmount) {
        guard lastAsked.contains(where: { now - $0.value > patience }) else { return }
        lastAsked = lastAsked.filter { now - $0.value <= patience }
    }

    var count: Int { lastAsked.count }
}
