import Media
import NIOCore
import RTP

/// What arrives for one track: told apart, checked, counted, and over UDP put in order.
///
/// A value without clock and socket; each payload type has numbering and statistics of its own, for some cameras send
/// several in one track, each with an SSRC of its own (quirk H7).
package struct TrackReceiver {
    /// One payload type of the track.
    private struct Lane {
        let payloadType: UInt8
        let clockRate: Int?
        var statistics = ReceptionStatistics()
        var reordering: ReorderBuffer?
    }

    /// What a piece of RTCP holds for the relay.
    package struct ControlReception {
        /// In the order they came; mostly one.
        package var senderReports: [SenderReport] = []
        /// A source of this track said BYE.
        package var isGoodbye = false
    }

    private var lanes: [Lane]
    private var counted = IngestCounters()
    /// Arrival of the newest valid packet.
    package private(set) var lastArrival: NIODeadline?

    /// `reorders` is for datagrams; what comes over TCP is in order.
    package init(_ description: TrackDescription, reorders: Bool) {
        lanes = description.formats.map { format in
            Lane(
                payloadType: format.payloadType,
                clockRate: format.clockRate,
                reordering: reorders ? ReorderBuffer() : nil
            )
        }
    }

    /// Whether the description names this payload type.
    package func takes(payloadType: UInt8) -> Bool {
        lanes.contains { $0.payloadType == payloadType }
    }

    /// Whether bytes are RTCP, whatever channel or port they came on (quirk G5). RTP with the marker set and a payload
    /// type of 64–95 looks the same: it is RTP if the track has that type.
    package func isControl(_ packet: ByteBuffer, cameOnControl: Bool) -> Bool {
        guard RTPPacket.looksLikeRTCP(packet) else { return false }
        guard !cameOnControl, let second = packet.getInteger(at: packet.readerIndex + 1, as: UInt8.self) else {
            return true
        }
        return !takes(payloadType: second & 0x7F)
    }

    /// One RTP packet; what is in order now is delivered.
    package mutating func receive(
        _ packet: RTPPacket,
        at arrival: NIODeadline,
        deliver: (RTPPacket, NIODeadline) -> Void
    ) {
        guard let index = lanes.firstIndex(where: { $0.payloadType == packet.payloadType }) else {
            counted.unknownPayloadTypes &+= 1
            return
        }
        lanes[index].statistics.receive(packet: packet, arrival: arrival, clockRate: lanes[index].clockRate)
        guard packet.payload.readableBytes > 0 else {
            counted.empty &+= 1
            return
        }
        lastArrival = arrival
        var passed: UInt64 = 0
        if lanes[index].reordering == nil {
            passed = 1
            deliver(packet, arrival)
        } else {
            lanes[index].reordering?.receive(packet, at: arrival) { packet, arrival in
                passed &+= 1
                deliver(packet, arrival)
            }
        }
        counted.packets &+= passed
    }

    /// RTCP of this track; broken RTCP is counted and has no consequence (quirks H8, H9).
    package mutating func receiveControl(_ compound: ByteBuffer, at arrival: NIODeadline) -> ControlReception {
        var reception = ControlReception()
        let packets = RTCPPacket.parseCompound(compound)
        if packets.isEmpty { counted.malformedReports &+= 1 }
        for packet in packets {
            switch packet {
            case .senderReport(let report):
                for index in lanes.indices {
                    lanes[index].statistics.receive(senderReport: report, arrival: arrival)
                }
                reception.senderReports.append(report)
            case .goodbye: reception.isGoodbye = true
            case .receiverReport, .sourceDescription, .other: break
            }
        }
        return reception
    }

    /// When `expired(at:)` has to be called; `nil` while no packet waits for one before it.
    package var deadline: NIODeadline? {
        lanes.lazy.compactMap { $0.reordering?.deadline }.min()
    }

    /// Gives up the packets that were waited for long enough (quirk H4).
    package mutating func expired(at now: NIODeadline, deliver: (RTPPacket, NIODeadline) -> Void) {
        var passed: UInt64 = 0
        for index in lanes.indices {
            lanes[index].reordering?.expired(at: now) { packet, arrival in
                passed &+= 1
                deliver(packet, arrival)
            }
        }
        counted.packets &+= passed
    }

    /// The blocks of the next receiver report: one for each source heard.
    package mutating func reportBlocks(at now: NIODeadline) -> [ReportBlock] {
        lanes.indices.compactMap { lanes[$0].statistics.reportBlock(at: now) }
    }

    /// What this track passed on, dropped and lost so far.
    package var counters: IngestCounters {
        var counters = counted
        for lane in lanes {
            counters.lost &+= lane.statistics.packetsLost
            counters.restarts &+= lane.statistics.restarts
            counters.duplicates &+= lane.reordering?.counters.duplicates ?? 0
            counters.late &+= lane.reordering?.counters.late ?? 0
        }
        return counters
    }
}
