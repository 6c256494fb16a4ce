import ISOMedia
import NIOCore

/// A movie that is open, as who has opened it hands it over to be shown in segments.
package struct OnDemandMovie: Sendable {
    /// Another one for every file, and for every file that has been written to.
    let identity: String
    /// A recorder may add to it.
    let isGrowing: Bool
    let movie: Movie
    let bytes: any RandomAccessBytes
    /// What keeps the file open.
    let owner: any Sendable & AnyObject

    /// `owner` is kept as long as the movie is shown.
    package init(
        identity: String, isGrowing: Bool = false, movie: Movie, bytes: any RandomAccessBytes,
        owner: any Sendable & AnyObject
    ) {
        self.identity = identity
        self.isGrowing = isGrowing
        self.movie = movie
        self.bytes = bytes
        self.owner = owner
    }
}

/// What is below a movie's path: its playlists, and what they name.
///
///     index.m3u8    video.m3u8    5c1f0a…-init.mp4    5c1f0a…-12.ts    5c1f0a…-12.m4s
///
/// The tag in front says which file the name is of: what is cut of another one has other names.
package enum OnDemandFile: Sendable, Hashable {
    case variants
    case playlist
    case initialization(tag: String)
    case segment(tag: String, number: Int, ending: String)

    private static let tagLength = 16

    /// `nil` for what is no such name.
    package init?(_ name: String) {
        switch name {
        case HLSService.multivariantName: self = .variants
        case HLSStream.playlistName: self = .playlist
        default:
            let parts = name.split(separator: "-", omittingEmptySubsequences: false)
            guard parts.count == 2, parts[0].utf8.count == Self.tagLength, parts[0].utf8.allSatisfy(\.isDigit) else {
                return nil
            }
            let tag = String(parts[0])
            if parts[1] == "init.mp4" {
                self = .initialization(tag: tag)
                return
            }
            let ends = parts[1].split(separator: ".", omittingEmptySubsequences: false)
            // As it is written by us, so that a segment has one name.
            guard ends.count == 2, let number = Int(ends[0]), number >= 0, String(number) == ends[0],
                ends[1] == "ts" || ends[1] == "m4s"
            else { return nil }
            self = .segment(tag: tag, number: number, ending: String(ends[1]))
        }
    }

    var name: String {
        switch self {
        case .variants: HLSService.multivariantName
        case .playlist: HLSStream.playlistName
        case .initialization(let tag): "\(tag)-init.mp4"
        case .segment(let tag, let number, let ending): "\(tag)-\(number).\(ending)"
        }
    }

    /// The tag of a file that is cut in a way: FNV-1a of both.
    static func tag(of identity: String, _ configuration: HLSConfiguration) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        let cut = "\(configuration.segmentDuration.nanoseconds) \(configuration.makesFragments)"
        for byte in "\(identity) \(cut)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: tagLength - digits.utf8.count) + digits
    }
}

extension HLSConfiguration {
    /// Fragments of MP4 also for what goes into a transport stream.
    var makesFragments: Bool { partDuration != nil || container == .fmp4 }
}

extension UInt8 {
    /// Of a hexadecimal number, in small letters.
    fileprivate var isDigit: Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self)
    }
}
