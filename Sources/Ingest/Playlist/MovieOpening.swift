import LibAV

/// Lets a movie begin with a key frame: what comes before it, and what is shown before it, refers to pictures that nobody has.
struct MovieOpening {
    private enum State {
        /// To `leading`.
        case waiting
        /// The key frame is shown at this time, and pictures of before may still follow it. To `open`.
        case leading(Int64)
        case open
    }

    /// The track of the pictures; `nil` where there is none.
    private let pictures: Int?
    private var state = State.waiting

    init(pictures: Int?) {
        self.pictures = pictures
    }

    /// Whether a unit is played.
    mutating func takes(_ unit: MovieReader.Unit) -> Bool {
        guard unit.track == pictures else { return true }
        switch state {
        case .waiting:
            if unit.isKeyFrame { state = .leading(unit.presentationTime) }
            return unit.isKeyFrame
        case .leading(let time):
            if unit.isKeyFrame { state = .open }
            return unit.isKeyFrame || unit.presentationTime > time
        case .open: return true
        }
    }
}
