/// What somebody may have meant by a key the relay does not know.
enum Spelling {
    /// The words other relays use for ours.
    private static let elsewhere = [
        "addr": "host", "address": "host", "camera": "cameras", "ip": "host", "loglevel": "log", "pass": "password",
        "paths": "cameras", "protocol": "transport", "protocols": "transport", "rtsptransport": "transport",
        "source": "main", "sourceondemand": "on_demand", "sourceondemandcloseafter": "linger", "stream": "main",
        "streams": "cameras", "substream": "sub", "uri": "main", "url": "main", "user": "username",
    ]

    /// `did you mean transport?`, or `nil` where nothing is near.
    static func hint(for word: String, among known: [String]) -> String? {
        nearest(to: word, among: known).map { "did you mean \($0)?" }
    }

    /// The known word of least distance, no more than a third of the letters away.
    static func nearest(to word: String, among known: [String]) -> String? {
        guard word.count <= 64 else { return nil }
        let plain = word.lettersAndDigits
        if let same = known.first(where: { $0.lettersAndDigits == plain }) { return same }
        if let ours = elsewhere[plain], known.contains(ours) { return ours }
        let ranked = known.map { (word: $0, distance: distance(word.lowercased(), $0)) }
        guard let best = ranked.min(by: { ($0.distance, $0.word) < ($1.distance, $1.word) }) else { return nil }
        return best.distance <= max(1, min(word.count, best.word.count) / 3) ? best.word : nil
    }

    /// Insertions, deletions, replacements and exchanges of neighbours (optimal string alignment).
    static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left)
        let right = Array(right)
        var rows = [Array(0...right.count)]
        for i in left.indices {
            var row = [i + 1]
            for j in right.indices {
                let replaced = rows[i][j] + (left[i] == right[j] ? 0 : 1)
                var best = min(replaced, rows[i][j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    best = min(best, rows[i - 1][j - 1] + 1)
                }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[left.count][right.count]
    }
}

extension String {
    fileprivate var lettersAndDigits: String {
        lowercased().filter { $0.isLetter || $0.isNumber }
    }
}
