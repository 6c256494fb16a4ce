import NIOConcurrencyHelpers
import Reflector

/// How far each stream is, for the playlists of the others that show the same (RFC 8216bis §4.4.5.4).
final class RenditionBoard: Sendable {
    private let ends = NIOLockedValueBox<[StreamPath: SegmentStore.End]>([:])

    func note(_ end: SegmentStore.End, of path: StreamPath) {
        ends.withLockedValue { $0[path] = end }
    }

    func remove(_ path: StreamPath) {
        ends.withLockedValue { $0[path] = nil }
    }

    /// Of the sub stream for a main stream, and the other way round; none where it is not being watched.
    func reports(for path: StreamPath) -> [MediaPlaylist.RenditionReport] {
        guard let (other, uri) = path.otherRendition, let end = ends.withLockedValue({ $0[other] }) else { return [] }
        return [MediaPlaylist.RenditionReport(uri: uri, lastSequence: end.sequence, lastPart: end.part)]
    }
}

extension StreamPath {
    /// The sub stream of the camera whose main stream this is; `nil` for one that is too long.
    var sub: StreamPath? { StreamPath(rawValue + "/sub") }

    /// The other stream of the same camera, and its playlist seen from this one's.
    fileprivate var otherRendition: (StreamPath, String)? {
        if rawValue.hasSuffix("/sub") {
            return StreamPath(String(rawValue.dropLast(4))).map { ($0, "../" + HLSStream.playlistName) }
        }
        return sub.map { ($0, "sub/" + HLSStream.playlistName) }
    }
}
