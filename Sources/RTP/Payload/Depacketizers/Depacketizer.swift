import Media
import NIOCore

/// Puts the packets of one format together again: those that the relay sends to its viewers, which every `PayloadNormalizer` has
/// gone over.
///
/// A packet that is missing costs the unit it belongs to and, of H.264 and H.265, all up to the next random access point. What it keeps is
/// bounded: one unit of at most `largestUnit` bytes.
package struct Depacketizer: Sendable {
    /// Bytes of one unit; a camera that never ends its pictures has one like that (quirk I18).
    package static let largestUnit = 16 * 1024 * 1024

    private var nalUnits: NALUnitDepacketizer?
    private var jpeg: JPEGDepacketizer?
    private var aac: AACDepacketizer?
    private var sound: SoundDepacketizer?
    private var expected: SequenceNumber?

    /// `nil` for a format that nothing is made of. `dimensions` are those of the description, for JPEG pictures too large for RTP to tell.
    package init?(format: TrackFormat, kind: MediaKind, dimensions: PictureDimensions?) {
        switch (format.codec, VideoPayloadFormat(format, kind: kind)) {
        case (_, .nalUnits(let syntax)):
            nalUnits = NALUnitDepacketizer(syntax: syntax, configuration: format.configuration)
        case (_, .jpeg): jpeg = JPEGDepacketizer(dimensions: dimensions)
        case (.aac, nil):
            guard let frames = AACDepacketizer(format) else { return nil }
            aac = frames
        case (.pcmu, nil), (.pcma, nil), (.opus, nil), (.other, nil):
            guard kind == .audio, let payloads = SoundDepacketizer(format) else { return nil }
            sound = payloads
        case (.h264, nil), (.h265, nil), (.mjpeg, nil): return nil
        }
    }

    /// Takes the next packet; what came to its end with it. `beginsGroup`: a group of pictures begins with this packet, whatever it
    /// says itself.
    package mutating func receive(_ packet: RTPPacket, beginsGroup: Bool = false) -> [DepacketizedUnit] {
        if let expected {
            let missing = packet.sequenceNumber.distance(from: expected)
            // Numbers that viewers see never run back: it was here already.
            guard missing >= 0 else { return [] }
            if missing > 0 { missed() }
        }
        expected = packet.sequenceNumber.advanced(by: 1)
        if let units = nalUnits?.receive(packet, beginsGroup: beginsGroup) { return units }
        if let unit = jpeg?.receive(packet) { return unit }
        if let units = aac?.receive(packet) { return units }
        return sound?.receive(packet) ?? []
    }

    /// Packets are missing before the next, nobody knows how many.
    package mutating func interrupted() {
        expected = nil
        missed()
    }

    private mutating func missed() {
        nalUnits?.missed()
        jpeg?.missed()
        aac?.missed()
        sound?.missed()
    }
}
