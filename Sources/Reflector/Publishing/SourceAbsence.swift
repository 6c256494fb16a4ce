import NIOCore

/// Whether a source that is wanted is away, or only on its way.
struct SourceAbsence: Sendable {
    /// Of the source that is gone.
    private(set) var lastPicture: LastPicture?
    private var wantedSince: NIODeadline
    private var isLost = false

    init(wantedSince now: NIODeadline) {
        wantedSince = now
    }

    /// Somebody asks for a stream that had no source because nobody did.
    mutating func wanted(at now: NIODeadline) {
        wantedSince = now
        isLost = false
    }

    mutating func sourceBegan() {
        isLost = false
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

    /// `patience`: how long a source may take to come.
    func isDown(at now: NIODeadline, patience: TimeAmount) -> Bool {
        isLost || now - wantedSince > patience
    }
}
