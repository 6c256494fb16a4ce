import LibAV
import Media
import NIOCore
import RTP
import Reflector

/// The tracks of the movies that are played under one publication, and their packets.
struct PlaylistTracks {
    /// Of a movie: its picture and its sound.
    static let most = 2

    private var tracks: [PacketizedTrack]
    private var hasPlayed: [Bool]
    private var moment = StreamMoment()

    init(_ descriptions: [TrackDescription]) {
        tracks = descriptions.compactMap { PacketizedTrack($0) }
        hasPlayed = Array(repeating: false, count: tracks.count)
    }

    /// Whether a movie of these tracks can go on under the numbers of the one before.
    func goOn(with descriptions: [TrackDescription]) -> Bool {
        tracks.map(\.description).isCompatible(with: descriptions)
    }

    /// Publishes one unit. `true` where it is the first of its track: nobody knows yet how that belongs to the others.
    mutating func play(_ unit: PlaylistUnit, to publication: Publication, at now: NIODeadline) -> Bool {
        guard tracks.indices.contains(unit.track) else { return false }
        tracks[unit.track].packetize(unit.parts, at: unit.presentationTime) { packet in
            publication.receive(packet, track: unit.track, at: now)
        }
        defer { hasPlayed[unit.track] = true }
        return !hasPlayed[unit.track]
    }

    /// Tells what ties the tracks together: `time` of the timeline, in 1/90000 s, is now. `wallClock` in seconds since 1970.
    mutating func report(_ time: Int64, wallClock: Double, to publication: Publication, at now: NIODeadline) {
        let ntp = NTPTime(unixNanoseconds: Int64(moment.seconds(of: time, wallClock: wallClock) * 1e9))
        for (index, track) in tracks.enumerated() {
            publication.receive(track.report(of: time, at: ntp), track: index, at: now)
        }
    }
}

extension TrackDescription {
    /// What viewers are told of a movie's track.
    init(_ track: MovieReader.Track) {
        self = .packetized(
            track.codec, clockRate: track.clockRate, channels: track.channels, configuration: track.configuration)
    }
}
