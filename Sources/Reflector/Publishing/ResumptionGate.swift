import Media
import NIOCore
import RTP

/// Holds a source that came back until its first key frame.
///
/// Viewers stayed and hold pictures of the old source: what refers to pictures that nobody was sent would show as garbage. All tracks
/// wait together, so that sound and picture go on in step, right behind what was sent last.
struct ResumptionGate {
    /// A source that shows no key frame for so long is let through: it may have none.
    static let patience = TimeAmount.seconds(12)

    /// The leading video track.
    private let track: Int
    private let classifier: PayloadClassifier
    private var began: NIODeadline?
    /// A key frame came, and not merely the end of the patience.
    private(set) var hasShownKeyFrame = false

    /// `nil` where there is nothing to wait for: no video, or of a codec that is not understood.
    init?(_ tracks: [TrackDescription]) {
        guard let track = tracks.firstIndex(where: { $0.kind == .video }) else { return nil }
        switch tracks[track].primary.codec {
        case .h264, .h265, .mjpeg: break
        case .aac, .pcmu, .pcma, .opus, .other: return nil
        }
        self.track = track
        classifier = PayloadClassifier(format: tracks[track].primary, kind: .video)
    }

    /// Whether the source goes through from this packet on, by its key frame or after `patience` without one. Parameter sets come
    /// right before a key frame, and are part of it. The patience begins anew with each, for whoever asks again.
    mutating func opens(
        for packet: RTPPacket, track: Int, at arrival: NIODeadline, within patience: TimeAmount = Self.patience
    ) -> Bool {
        let began = began ?? arrival
        self.began = began
        if track == self.track, isStart(packet) {
            self.began = arrival
            hasShownKeyFrame = true
            return true
        }
        return arrival - began > patience
    }

    /// The patience begins with the next packet.
    mutating func restart() {
        began = nil
    }

    private func isStart(_ packet: RTPPacket) -> Bool {
        !classifier.traits(of: packet.payload)
            .isDisjoint(with: [.parameterSets, .startsRandomAccess, .recoveryPoint])
    }
}
