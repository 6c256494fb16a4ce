/// When the pictures of one track are decoded, told by when they are shown: each at the time of the one that is shown as many places
/// earlier as pictures may be reordered by (quirk I19).
///
/// ```
/// decoded   I0  P3  B1  B2  P6 …        reorder depth 1
/// shown      0   3   1   2   6
/// decoded   -1   0   1   2   3
/// ```
/// Times of decoding always grow, and are never later than the picture is shown.
struct DecodeOrder {
    /// As many as H.264 and H.265 allow.
    static let deepest = 16

    /// Where a picture has its place.
    enum Placement: Equatable {
        case placed(decodeTime: Int64, presentationTime: Int64)
        /// More pictures are reordered than was known, and this one cannot be placed any more; the next start can.
        case learnt
        /// The timestamps of the source went back by so much.
        case wentBack(Int64)
    }

    private(set) var depth = 0
    /// The latest times of presentation, in order: one more than pictures can be reordered by.
    private var latest: [Int64] = []
    private(set) var last: Int64?

    /// What the stream's parameter sets say.
    mutating func told(depth: Int) {
        self.depth = min(max(depth, 0), Self.deepest)
    }

    /// Decoding begins anew with the next picture: those before it have no part in its times.
    mutating func restart() {
        latest = []
    }

    /// The next picture in order of decoding. `frame` is what one lasts, or about that; `tolerance` by how much a timestamp may go back
    /// for an error, all in clock units. `isReordered`: its timestamp may be earlier than those before.
    mutating func place(
        _ presentationTime: Int64, frame: Int64, tolerance: Int64, isReordered: Bool
    ) -> Placement {
        if latest.isEmpty { seed(before: presentationTime, frame: max(frame, 1)) }
        let later = latest.count { $0 > presentationTime }
        insert(presentationTime)
        if later > depth, isReordered, later <= Self.deepest {
            // Those that are learnt by watching tend to come with one more.
            depth = min(max(later, 2), Self.deepest)
            return .learnt
        }
        let wanted = latest[max(0, latest.count - 1 - depth)]
        let decodeTime = max(wanted, last.map { $0 + 1 } ?? wanted)
        if decodeTime > presentationTime, decodeTime - presentationTime > tolerance {
            return .wentBack(decodeTime - presentationTime)
        }
        last = decodeTime
        return .placed(decodeTime: decodeTime, presentationTime: max(decodeTime, presentationTime))
    }

    /// As if pictures had come before the first, one frame after the other.
    private mutating func seed(before first: Int64, frame: Int64) {
        latest = (1...Self.deepest).map { first - Int64(Self.deepest + 1 - $0) * frame }
    }

    private mutating func insert(_ time: Int64) {
        let place = latest.firstIndex { $0 > time } ?? latest.endIndex
        latest.insert(time, at: place)
        if latest.count > Self.deepest + 1 { latest.removeFirst() }
    }
}
