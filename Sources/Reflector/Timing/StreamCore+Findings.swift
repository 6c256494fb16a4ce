import Logging
import Media

extension StreamCore {
    /// Tells what is wrong with the timestamps of the source, each thing once.
    func tellFindings() {
        for index in intake.tracks.indices {
            while let finding = intake.tracks[index].takeFinding() {
                tell(finding, of: intake.tracks[index].description)
            }
        }
    }

    private func tell(_ finding: OutgoingTrack.Finding, of track: TrackDescription) {
        var metadata: Logger.Metadata = ["track": "\(track.kind.name)"]
        switch finding {
        case .counted:
            metadata["codec"] = "\(track.primary.codec)"
            metadata["hint"] = "they are made anew from the number of frames; look for newer firmware"
            logger.warning("timestamps do not fit the frames", metadata: metadata)
        case .pace(let pace):
            let rate = pace.reading.rate
            if track.kind == .video, rate > 0 {
                metadata["declared"] = "\((pace.reading.framesPerSecond / rate).tenths) pictures/s"
                metadata["measured"] = "\(pace.reading.framesPerSecond.tenths) pictures/s"
            } else {
                metadata["declared"] = "\(pace.clockRate) Hz"
                metadata["measured"] = "\((rate * Double(pace.clockRate)).whole) Hz"
            }
            metadata["hint"] = "\(hint(for: track, isCorrected: pace.isCorrected))"
            logger.warning("timestamps do not keep time", metadata: metadata)
        }
    }

    private func hint(for track: TrackDescription, isCorrected: Bool) -> String {
        guard isCorrected else {
            return "too far off to be corrected, and sent on as they are; let the source send in real time"
        }
        return track.kind == .video
            ? "corrected by arrival; set the camera to a frame rate that it can send"
            : "corrected by arrival; set the camera to another sample rate or codec of sound"
    }
}

extension Double {
    /// Rounded, for people.
    fileprivate var tenths: Double { (self * 10).rounded() / 10 }

    fileprivate var whole: Int { Int(exactly: rounded()) ?? 0 }
}
