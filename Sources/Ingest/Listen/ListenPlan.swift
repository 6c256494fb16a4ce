import Media
import NIOCore
import RTSPTransport
import Reflector

/// Which ports are listened on, and what comes to them.
struct ListenPlan: Sendable, Equatable {
    enum Content: Sendable, Equatable {
        /// RTP, one track a point.
        case tracks([TrackDescription])
        /// MPEG-TS, bare or in RTP, at one point.
        case transportStream
        /// RTP at one point, of which the first packet tells more.
        case undescribed
    }

    var content: Content
    var points: [ListeningPoint]

    /// What the configuration says; `read` gives the bytes of a description's file.
    init(
        _ configuration: ListenSourceConfiguration, read: (String) throws(ListenError) -> ByteBuffer
    ) throws(ListenError) {
        let source = try configuration.source.map(Self.address)
        let host: String?
        switch configuration.origin {
        case .description(let file):
            let description = try Self.description(try read(file))
            self = try Self(description, interface: configuration.interface, source: source)
            return
        case .rtp(let name, let port):
            host = name
            content = .undescribed
            points = [ListeningPoint(port: port, controlPort: port < .max ? port + 1 : nil)]
        case .transportStream(let name, let port):
            host = name
            content = .transportStream
            points = [ListeningPoint(port: port)]
        }
        points[0].address = try host.map(Self.address)
        points[0].interface = configuration.interface
        points[0].sources = source.map { [$0] } ?? []
    }

    /// What a session description says of its media (RFC 4566 §5.7, §5.14); `source` stands above its own filter.
    init(_ description: SessionDescription, interface: String?, source: SocketAddress?) throws(ListenError) {
        var tracks = description.receivableTracks.filter { !$0.transportProtocol.uppercased().contains("SAVP") }
        // A transport stream has its sound and its picture in one.
        if let whole = tracks.first(where: { $0.primary.codec == .other("MP2T") }) { tracks = [whole] }
        guard !tracks.isEmpty else { throw .noTracks }
        guard tracks.count <= StreamTrack.limit else { throw .tooManyTracks(tracks.count) }
        points = []
        for track in tracks {
            let session = description.connectionAddress
            let point = try Self.point(of: track, session: session, interface: interface, source: source)
            guard !points.contains(where: { $0.meets(point, at: point.port) }) else { throw .portTwice(point.port) }
            points.append(point)
        }
        for (index, point) in points.enumerated() {
            guard let control = point.controlPort else { continue }
            if points.contains(where: { $0.meets(point, at: control) }) { points[index].controlPort = nil }
        }
        let isTransportStream = tracks[0].primary.codec == .other("MP2T")
        content = isTransportStream ? .transportStream : .tracks(tracks)
    }

    private static func description(_ bytes: ByteBuffer) throws(ListenError) -> SessionDescription {
        do {
            return try SessionDescription(parsing: bytes)
        } catch {
            throw .description(error)
        }
    }

    private static func point(
        of track: TrackDescription, session: String?, interface: String?, source: SocketAddress?
    ) throws(ListenError) -> ListeningPoint {
        guard let port = track.port else { throw .noPort(track.kind.name) }
        var point = ListeningPoint(port: port, interface: interface)
        point.controlPort = track.controlPort ?? (port < .max ? port + 1 : nil)
        // `239.1.2.3/127`: the time to live is the sender's affair.
        let text = (track.connectionAddress ?? session)?.split(separator: "/").first.map(String.init)
        if let text, text.utf8.allSatisfy({ Self.digits.contains($0) }), text != "0.0.0.0", text != "::" {
            point.address = try Self.address(text)
        }
        if let source {
            point.sources = [source]
        } else if let filter = track.sourceFilter, filter.destination == "*" || filter.destination == text {
            for name in filter.sources { point.sources.append(try Self.address(name)) }
        }
        return point
    }

    /// Of an address; anything else is a name, which is the sender's for this machine.
    private static let digits = Set("0123456789abcdefABCDEF.:".utf8)

    private static func address(_ text: String) throws(ListenError) -> SocketAddress {
        guard let address = try? SocketAddress(ipAddress: text, port: 0) else { throw .noAddress(text) }
        return address
    }
}

extension ListeningPoint {
    /// Whether what comes to `other` at that port would come here too: a socket of a group hears its own group alone.
    fileprivate func meets(_ other: ListeningPoint, at port: UInt16) -> Bool {
        port == self.port && !(isMulticast && other.isMulticast && address != other.address)
    }
}
