import NIOCore
import Reflector
import TestSupport

/// The H.264 packets that lie in a viewer's inbox for one channel, in the order of the wire.
struct WatchedVideo {
    struct Packet {
        let sequenceNumber: UInt16
        let endsPicture: Bool
        let startsKeyPicture: Bool

        /// FU-A and single NAL units (RFC 6184 §5.6, §5.8); 5 is a key picture's.
        init?(_ bytes: [UInt8]) {
            guard bytes.count > 13 else { return nil }
            sequenceNumber = UInt16(bytes[2]) << 8 | UInt16(bytes[3])
            endsPicture = bytes[1] & 0x80 != 0
            startsKeyPicture = bytes[12] & 0x1F == 5 || bytes[12] & 0x1F == 28 && bytes[13] & 0x9F == 0x85
        }
    }

    /// Between two packets that are no neighbours.
    struct Gap {
        let isForward: Bool
        let beginsBehindPicture: Bool
        let endsAtKeyPicture: Bool
    }

    let packets: [Packet]

    init(_ viewer: FakeViewer, channel: UInt8 = 0) {
        packets = viewer.frames.elements.filter { $0.channel == channel }.compactMap { Packet($0.payload) }
    }

    var gaps: [Gap] {
        zip(packets, packets.dropFirst()).compactMap { before, after in
            let step = Int16(bitPattern: after.sequenceNumber &- before.sequenceNumber)
            guard step != 1 else { return nil }
            return Gap(
                isForward: step > 1, beginsBehindPicture: before.endsPicture, endsAtKeyPicture: after.startsKeyPicture)
        }
    }
}

/// The number of the last video packet that the stream gave out.
final class LiveEdge: Sendable {
    private let last = Locked<UInt16?>(nil)

    private final class Follower: Subscriber {
        private let last: Locked<UInt16?>
        private var subscription: Subscription?

        init(_ last: Locked<UInt16?>) { self.last = last }

        func subscribed(_ subscription: Subscription, start: StreamStart?) { self.subscription = subscription }

        func receive(_ burst: Burst, variants: BurstVariants) {
            guard let entry = burst.entries.last(where: { $0.track == 0 && !$0.isControl }) else { return }
            let number = burst.bytes.getInteger(at: entry.offset + 2, as: UInt16.self)
            last.change { $0 = number }
        }

        func streamEnded() { subscription = nil }
    }

    init(of stream: Stream) async throws {
        try await stream.homeLoop.submit { [last] in
            stream.subscribe(Follower(last), on: stream.homeLoop)
        }.get()
    }

    /// Waits until all of these have it; `nudge` is called now and then, and may send more.
    func reached(
        by viewers: [FakeViewer], channel: UInt8 = 0, nudge: () async throws -> Void = {}
    ) async throws {
        let end = ContinuousClock.now + .seconds(20)
        while true {
            try await nudge()
            let patience = ContinuousClock.now + .milliseconds(50)
            while ContinuousClock.now < patience {
                let number = last.value
                if viewers.allSatisfy({ Self.last(of: $0, channel: channel) == number }) { return }
                try await Task.sleep(for: .milliseconds(1))
            }
            guard ContinuousClock.now < end else { throw WaitTimedOut(name: "live edge", bound: .seconds(20)) }
        }
    }

    private static func last(of viewer: FakeViewer, channel: UInt8) -> UInt16? {
        viewer.frames.elements.last { $0.channel == channel }.flatMap { WatchedVideo.Packet($0.payload) }?
            .sequenceNumber
    }
}
