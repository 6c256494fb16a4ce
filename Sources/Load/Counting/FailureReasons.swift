/// The first few distinct reasons why sessions failed, and how many had each.
struct FailureReasons: Sendable {
    private static let most = 8

    private var reasons: [(text: String, sessions: Int)] = []
    private var others = 0

    mutating func note(_ reason: String, sessions: Int = 1) {
        if let index = reasons.firstIndex(where: { $0.text == reason }) {
            reasons[index].sessions += sessions
        } else if reasons.count < Self.most {
            reasons.append((reason, sessions))
        } else {
            others += sessions
        }
    }

    mutating func add(_ other: FailureReasons) {
        for reason in other.reasons { note(reason.text, sessions: reason.sessions) }
        others += other.others
    }

    /// One line a reason.
    var lines: [String] {
        reasons.map { "\($0.text) (\($0.sessions) \($0.sessions == 1 ? "session" : "sessions"))" }
            + (others > 0 ? ["other reasons (\(others))"] : [])
    }
}
