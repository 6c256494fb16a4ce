import Foundation
import ISOMedia

/// What there is to know of a track.
struct TrackReport: Encodable {
    struct Edit: Encodable {
        /// Of the presentation.
        let start: Double
        /// None: to the end of the media.
        let seconds: Double?
        /// In units of the track's timescale; none: nothing is shown.
        let mediaTime: Int64?
        let rate: Double
    }

    let track: UInt32
    let kind: String
    let codecs: [String]
    let name: String?
    let language: String?
    let isEnabled: Bool
    let created: String?
    let modified: String?
    let width: Int?
    let height: Int?
    let channels: Int?
    let rate: Double?
    let timescale: UInt32
    let seconds: Double
    let samples: Int
    let syncSamples: Int
    let bytes: Int64
    let bitsPerSecond: Double?
    let isSelfContained: Bool
    let references: [String: [UInt32]]
    let edits: [Edit]
    /// What a hinter counted, where it told.
    let hints: HintReport?

    init(_ track: MovieTrack) {
        self.track = track.id
        kind = "\(track.handler)"
        codecs = track.descriptions.map { "\($0.format)" }
        name = track.name?.printable
        language = track.language
        isEnabled = track.isEnabled
        created = MovieReport.date(track.created)
        modified = MovieReport.date(track.modified)
        let picture = track.handler == "vide" ? track.descriptions.first?.picture : nil
        width = picture?.width
        height = picture?.height
        let sound = track.handler == "soun" ? track.descriptions.first?.sound : nil
        channels = sound?.channels
        rate = sound?.rate
        timescale = track.timescale
        seconds = Double(track.duration) / Double(track.timescale)
        samples = track.samples.count
        syncSamples = track.samples.syncCount
        bytes = track.samples.bytes
        bitsPerSecond = seconds > 0 ? Double(bytes) * 8 / seconds : nil
        isSelfContained = track.isSelfContained
        references = Dictionary(uniqueKeysWithValues: track.references.map { ("\($0)", $1) })
        hints = track.hintInformation.map { [seconds] in HintReport(HintStatistics(reading: $0), seconds: seconds) }
        edits = track.edits.segments.map { segment in
            Edit(
                start: Double(segment.start) / 1e6, seconds: segment.duration.map { Double($0) / 1e6 },
                mediaTime: segment.mediaTime, rate: segment.rate)
        }
    }

    var lines: [String] {
        var lines = ["track \(track): \(kind) \(codecs.joined(separator: ", "))\(isEnabled ? "" : ", disabled")"]
        func add(_ key: String, _ value: String?) {
            if let value { lines.append("  \(key.left(10))\(value)") }
        }
        add("name", name)
        add("language", language)
        add("created", created)
        add("modified", modified)
        add("form", form)
        add("length", String(format: "%.3f s, %u units a second", seconds, timescale))
        add("samples", "\(samples), decoding can begin with \(syncSamples)")
        add("bytes", "\(bytes)" + (bitsPerSecond.map { String(format: ", %.1f kbit/s", $0 / 1000) } ?? ""))
        for (kind, numbers) in references.sorted(by: { $0.key < $1.key }) {
            add(kind, "track " + numbers.map(String.init).joined(separator: ", "))
        }
        if !isSelfContained { add("media", "in another file") }
        lines += hints?.lines ?? []
        if !isPlain { for edit in edits { add("edit", Self.text(of: edit)) } }
        return lines
    }

    private var form: String? {
        if let width, let height { return "\(width) x \(height)" }
        guard let channels, let rate else { return nil }
        return String(format: "%g Hz, channels: %d", rate, channels)
    }

    /// The media are shown from their beginning to their end.
    private var isPlain: Bool {
        edits.count == 1 && edits[0].mediaTime == 0 && edits[0].start == 0 && edits[0].rate == 1
    }

    private static func text(of edit: Edit) -> String {
        let place = String(format: "at %.3f s ", edit.start)
        let length = edit.seconds.map { String(format: "for %.3f s ", $0) } ?? "to the end "
        guard let media = edit.mediaTime else { return place + length + "nothing" }
        return place + length + "from \(media)" + (edit.rate == 1 ? "" : String(format: " at rate %g", edit.rate))
    }
}
