import LibAV
import Media

/// What a viewer of live fragments can show.
package struct LiveWish: Sendable, Hashable {
    /// Codecs by how their names begin in RFC 6381.
    package enum Family: String, Sendable, Hashable {
        case h264, h265, aac
    }

    /// Everything there is, unless the viewer has told.
    package let families: Set<Family>

    package init(families: Set<Family> = [.h264, .h265, .aac]) {
        self.families = families
    }

    /// Takes names of codecs as browsers are asked for them, with commas between: `avc1.640029,hvc1.1.6.L93.B0,mp4a.40.2`. Names that
    /// nobody knows are passed over; everything where there are none.
    package init(probes: String?) {
        let names = (probes ?? "").split { $0 == "," || $0 == " " }.prefix(64)
        let known = names.compactMap { name -> Family? in
            switch name.prefix(5).lowercased() {
            case "avc1.", "avc3.": .h264
            case "hvc1.", "hev1.": .h265
            case "mp4a.": .aac
            default: nil
            }
        }
        if known.isEmpty { self.init() } else { self.init(families: Set(known)) }
    }

    /// Which fragments it wants; a viewer who has another codec of pictures than the stream cannot be helped with sound alone.
    var tracks: LiveTracks {
        LiveTracks(
            hasPictures: families.contains(.h264) || families.contains(.h265), hasSound: families.contains(.aac))
    }

    /// Why it cannot show what begins so; `nil` where it can.
    package func objection(to opening: LiveOpening) -> String? {
        guard let codec = opening.pictures else { return nil }
        let family: Family
        switch codec {
        case .h264: family = .h264
        case .h265: family = .h265
        default: return nil
        }
        return families.contains(family) ? nil : "\(codec) cannot be shown by this browser"
    }
}

/// What is in the fragments of a life.
struct LiveTracks: Sendable, Hashable {
    var hasPictures = true
    var hasSound = true

    /// Every choice there is.
    static let all = [(true, true), (true, false), (false, true), (false, false)].map {
        LiveTracks(hasPictures: $0, hasSound: $1)
    }

    /// The rest is left out.
    func of(_ outcome: TrackSelection.Outcome) -> TrackSelection.Outcome {
        guard case .chosen(var selection) = outcome else { return outcome }
        if !hasPictures { selection.video = nil }
        if !hasSound { selection.sound = nil }
        guard selection.video != nil || selection.sound != nil else {
            return .unsupported("the stream has nothing of what this viewer can show")
        }
        return .chosen(selection)
    }
}
