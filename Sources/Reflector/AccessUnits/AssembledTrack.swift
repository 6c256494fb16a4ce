import Media
import NIOCore
import RTP

/// One track of a stream on its way from packets to access units.
struct AssembledTrack {
    private(set) var track: StreamTrack
    /// `nil` where nobody knows the clock: nothing of it is given out.
    var line: TrackLine?
    var order = DecodeOrder()
    private var depacketizer: Depacketizer?
    private var payloadType: UInt8
    /// One picture, or about that, in clock units.
    private(set) var frame: Int64 = 0

    init(_ track: StreamTrack) {
        self.track = track
        line = track.clockRate.map { TrackLine(clockRate: $0) }
        payloadType = track.description.primary.payloadType
        take(track.description.primary)
    }

    /// Pictures are made of it.
    var isVideo: Bool { track.description.kind == .video && depacketizer != nil && line != nil }

    mutating func receive(_ packet: RTPPacket, beginsGroup: Bool) -> [DepacketizedUnit] {
        if packet.payloadType != payloadType { change(to: packet.payloadType) }
        return depacketizer?.receive(packet, beginsGroup: beginsGroup) ?? []
    }

    /// Packets are missing before the next.
    mutating func interrupted() { depacketizer?.interrupted() }

    /// Parameter sets came in band.
    mutating func learn(_ configuration: CodecConfiguration) {
        track.description.primary.configuration = configuration
        hasChanged = true
        follow(configuration)
    }

    /// Another format is on the air (quirk C34): it comes first in the description from now on.
    private mutating func change(to payloadType: UInt8) {
        let formats = track.description.formats
        guard let place = formats.firstIndex(where: { $0.payloadType == payloadType }) else { return }
        self.payloadType = payloadType
        track.description.formats.swapAt(0, place)
        take(track.description.primary)
        hasChanged = true
    }

    /// The description has changed and nobody was told.
    private(set) var hasChanged = false

    mutating func changeTold() { hasChanged = false }

    private mutating func take(_ format: TrackFormat) {
        depacketizer = Depacketizer(
            format: format, kind: track.description.kind, dimensions: track.description.dimensions)
        follow(format.configuration)
    }

    private mutating func follow(_ configuration: CodecConfiguration) {
        if let depth = configuration.reorderDepth { order.told(depth: depth) }
        let rate = configuration.frameRate ?? track.description.frameRate ?? 25
        // It only says how far ahead of the first picture decoding begins.
        frame = line?.ticks(ofSeconds: 1 / min(max(rate, 5), 120)) ?? 0
    }
}
