import NIOCore

/// Whether a source that is wanted is away, or only on its way.
struct SourceAbsence: Sendable {
    /// Of the source that is gone.
    private(set) var lastPicture: LastPicture?
    /// Why it is not there, as was told since it was there or was wanted anew.
    private(set) var setback: String?
    private var wantedSince: NIODeadline
    private var isLost = false

    init(wantedSince now: NIODeadline) {
        wantedSince = now
    }

    /// Somebody asks for a stream that had no source because nobody did.
    mutating func wanted(at now: NIODeadline) {
        wantedSince = now
        isLost = false
        setback = nil
    }

    mutating func sourceBegan() {
        isLost = false
        setback = nil
    }

    mutating func sourceFailed(because reason: String) {
        setback = reason
    }

    /// What was kept before stays where the source has left no picture.
    mutating func sourceLost(leaving picture: LastPicture?) {
        isLost = true
        lastPicture = picture ?? lastPicture
    }

    /// The ring has one that is newer.
    mutating func pictureCame() {
        lastPicture = nil
    }

    /// Whether it was lost, failed to come, or has not come within `patience`.
    func isDown(at now: NIODeadline, patience: TimeAmount) -> Bool {
        isLost || setback != nil || now - wantedSince > patience
    }
}
