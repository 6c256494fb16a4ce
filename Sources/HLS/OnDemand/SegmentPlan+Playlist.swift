import LibAV
import NIOCore

extension SegmentPlan {
    /// All segments, from the first to the last.
    func playlist(tag: String) -> MediaPlaylist {
        let map = form == .transportStream ? nil : OnDemandFile.initialization(tag: tag).name
        let listed = segments.indices.map { index in
            MediaPlaylist.Segment(
                uri: OnDemandFile.segment(tag: tag, number: index, ending: form.fileExtension).name,
                duration: duration(of: index), isDiscontinuity: false, map: index == 0 ? map : nil, date: nil,
                parts: [])
        }
        var playlist = MediaPlaylist(
            version: map == nil ? 3 : 6, targetDuration: max(listed.map(\.duration.nearestSecond).max() ?? 1, 1),
            mediaSequence: 0, discontinuitySequence: 0, segments: listed)
        playlist.isComplete = true
        playlist.start = start
        return playlist
    }

    /// Pictures before it are there for the sake of those behind it alone; `nil` where there are none.
    private var start: TimeAmount? {
        guard let video = tracks.video?.units, let first = tracks.firstPicture, first < video.start else { return nil }
        return .microseconds(video.start - (segments.first?.start ?? first))
    }

    var variants: MultivariantPlaylist {
        let names = tracks.muxed.map(\.codecString)
        return MultivariantPlaylist(
            variants: [
                MultivariantPlaylist.Variant(
                    uri: OnDemandFile.playlist.name, bandwidth: max(rate.peak, 1),
                    averageBandwidth: max(rate.average, 1),
                    codecs: names.contains(nil) ? nil : names.compactMap(\.self),
                    resolution: tracks.video?.muxed.dimensions, frameRate: frameRate)
            ])
    }
}
