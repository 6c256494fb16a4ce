import NIOConcurrencyHelpers
import NIOCore

/// Which loop's pair a remote belongs to: with `SO_REUSEPORT` the kernel hands its datagrams to whichever it likes.
///
/// Written when a viewer comes or goes, read once per datagram received.
final class DatagramOwners: Sendable {
    private let seats = NIOLockedValueBox<[Endpoint: Int]>([:])

    /// False if the remote has an owner.
    func claim(_ endpoint: Endpoint, seat: Int) -> Bool {
        seats.withLockedValue { seats in
            guard seats[endpoint] == nil else { return false }
            seats[endpoint] = seat
            return true
        }
    }

    func release(_ endpoint: Endpoint) {
        seats.withLockedValue { _ = $0.removeValue(forKey: endpoint) }
    }

    func seat(of endpoint: Endpoint) -> Int? {
        seats.withLockedValue { $0[endpoint] }
    }

    var count: Int { seats.withLockedValue { $0.count } }
}

/// What a datagram on one of our ports is, by its first two bytes (RFC 5761 §4).
///
///      0                   1
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |V=2|P|  count  | packet type   |   RTCP: 192–223
///     |V=2|P|X|  CC   |M| payload type|   RTP: anything else
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
enum DatagramKind: Equatable {
    case rtp
    case rtcp
    /// Neither: a hole punched with other bytes, or a stray.
    case other

    init(_ datagram: ByteBuffer) {
        guard
            let first = datagram.getInteger(at: datagram.readerIndex, as: UInt8.self),
            let second = datagram.getInteger(at: datagram.readerIndex + 1, as: UInt8.self),
            first & 0xC0 == 0x80
        else {
            self = .other
            return
        }
        switch second {
        case 192...223: self = datagram.readableBytes >= 8 ? .rtcp : .other
        default: self = datagram.readableBytes >= 12 ? .rtp : .other
        }
    }
}
