import NIOCore
import RTSP

/// The two sockets on which one track is received: RTP on an even port, RTCP on the next (RFC 3550 §11), or whatever ports
/// were told; a source without RTCP has one.
///
/// Confined to its event loop. It takes packets from the hosts it was told only, if any were, and of those from the first
/// address and port that sends.
package final class UDPPortPair {
    /// What was not passed on.
    package struct Counters: Sendable, Hashable {
        /// Datagrams of other hosts or ports.
        package var foreign: UInt64 = 0
        /// Datagrams longer than what they were read into; the next are read into more (quirk H12).
        package var truncated: UInt64 = 0
    }

    /// What SETUP names as `client_port`.
    package let ports: PortPair
    /// What was not passed on so far.
    package private(set) var counters = Counters()
    private let media: any Channel
    private let control: (any Channel)?
    private var reception: Reception?
    private var isClosed = false

    private struct Reception {
        var receive: (ByteBuffer, _ isControl: Bool, _ arrival: NIODeadline) -> Void
        var readEnded: (NIODeadline) -> Void
        /// Empty takes any.
        var hosts: [SocketAddress]
        /// A sender that was silent for so long may be followed by another; `nil` where there is one sender for ever.
        var silence: TimeAmount?
        /// Whether RTP of a sender that was not heard before may be what is listened for.
        var admits: (_ datagram: ByteBuffer, _ source: SocketAddress, _ arrival: NIODeadline) -> Bool = { _, _, _ in
            true
        }
        var lastMedia = NIODeadline.uptimeNanoseconds(0)
        var mediaSource: SocketAddress?
        var controlSource: SocketAddress?
    }

    init(media: any Channel, control: (any Channel)?, ports: PortPair) {
        self.media = media
        self.control = control
        self.ports = ports
    }

    /// Begins to take packets from one of `hosts`, the first of which is sent to until another one sends; `server` is
    /// `nil` where it told no ports of use (quirk E6).
    package func receive(
        from hosts: [SocketAddress],
        server: PortPair?,
        readEnded: @escaping (NIODeadline) -> Void,
        receive: @escaping (_ datagram: ByteBuffer, _ isControl: Bool, _ arrival: NIODeadline) -> Void
    ) {
        var reception = Reception(receive: receive, readEnded: readEnded, hosts: hosts)
        if let server, let host = hosts.first {
            reception.mediaSource = host.with(port: server.rtp)
            reception.controlSource = host.with(port: server.rtcp)
        }
        self.reception = reception
        latched = (false, false)
    }

    /// Begins to take packets of a sender that was never spoken to: one of `hosts`, or with none the first that sends. When it was
    /// silent for `silence` another may take its place: a camera that starts anew comes from another port. `admits` is asked of RTP
    /// that would make its sender the one that is heard; by its reports alone nobody is.
    package func listen(
        to hosts: [SocketAddress],
        silence: TimeAmount,
        admits: @escaping (_ datagram: ByteBuffer, _ source: SocketAddress, _ arrival: NIODeadline) -> Bool = {
            _, _, _ in
            true
        },
        readEnded: @escaping (NIODeadline) -> Void,
        receive: @escaping (_ datagram: ByteBuffer, _ isControl: Bool, _ arrival: NIODeadline) -> Void
    ) {
        reception = Reception(
            receive: receive, readEnded: readEnded, hosts: hosts, silence: silence, admits: admits)
        latched = (false, false)
    }

    /// The sender heard so far is gone: the next one is whoever sends first.
    package func forgetSender() {
        latched = (false, false)
    }

    /// Where RTP comes from; `nil` before the first packet.
    package var sender: SocketAddress? { latched.media ? reception?.mediaSource : nil }

    /// Whether the ports that really send are known, which may not be the ones told.
    private var latched = (media: false, control: false)

    /// Sends an empty packet from each socket, so that address translation lets the answers in (quirk E14).
    package func punch() {
        let rtp: [UInt8] = [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        let emptyReport: [UInt8] = [0x80, 201, 0, 1, 0, 0, 0, 0]
        if let to = reception?.mediaSource { write(ByteBuffer(bytes: rtp), on: media, to: to) }
        sendControl(ByteBuffer(bytes: emptyReport))
    }

    /// Sends RTCP to where the server's comes from, or was said to come from.
    package func sendControl(_ packet: ByteBuffer) {
        guard let to = reception?.controlSource else { return }
        write(packet, on: control, to: to)
    }

    private func write(_ bytes: ByteBuffer, on channel: (any Channel)?, to address: SocketAddress) {
        guard !isClosed, let channel else { return }
        channel.writeAndFlush(AddressedEnvelope(remoteAddress: address, data: bytes), promise: nil)
    }

    /// Idempotent; nothing is received afterwards.
    package func close() {
        isClosed = true
        reception = nil
        media.close(promise: nil)
        control?.close(promise: nil)
    }

    func received(_ envelope: AddressedEnvelope<ByteBuffer>, isControl: Bool, at arrival: NIODeadline) {
        guard var reception else { return }
        let source = envelope.remoteAddress
        guard expects(source), isAccepted(envelope, isControl: isControl, at: arrival, by: reception) else {
            counters.foreign &+= 1
            return
        }
        if !(isControl ? latched.control : latched.media) {
            if isControl {
                latched.control = true
                reception.controlSource = source
            } else {
                latched.media = true
                reception.mediaSource = source
                // Where RTP comes from the port next to it takes our reports, if none was told for that host.
                let isTold = reception.controlSource.map(source.hasSameHost) ?? false
                if !isTold, !latched.control, let port = source.port.flatMap(UInt16.init(exactly:)), port < .max {
                    reception.controlSource = source.with(port: port + 1)
                }
            }
            self.reception = reception
        }
        if reception.silence != nil, !isControl { self.reception?.lastMedia = arrival }
        reception.receive(envelope.data, isControl, arrival)
    }

    /// Whether this one is heard; where another may follow, the one before is forgotten.
    private func isAccepted(
        _ envelope: AddressedEnvelope<ByteBuffer>, isControl: Bool, at arrival: NIODeadline, by reception: Reception
    ) -> Bool {
        let source = envelope.remoteAddress
        let isLatched = isControl ? latched.control : latched.media
        if isLatched, source == (isControl ? reception.controlSource : reception.mediaSource) { return true }
        guard let silence = reception.silence else { return !isLatched }
        if isControl {
            // Reports may come from any port of the host that sends, and before it does from anywhere.
            return latched.media ? reception.mediaSource.map(source.hasSameHost) ?? false : !isLatched
        }
        let isSilent = !isLatched || arrival - reception.lastMedia >= silence
        guard isSilent, reception.admits(envelope.data, source, arrival) else { return false }
        if isLatched { latched = (false, false) }
        return true
    }

    func expects(_ source: SocketAddress) -> Bool {
        guard let reception else { return false }
        return reception.hosts.contains(where: source.hasSameHost)
            || reception.silence != nil && reception.hosts.isEmpty
    }

    func truncated() {
        counters.truncated &+= 1
    }

    func readEnded(at now: NIODeadline) {
        reception?.readEnded(now)
    }
}

extension SocketAddress {
    func with(port: UInt16) -> SocketAddress {
        var address = self
        address.port = Int(port)
        return address
    }

    func hasSameHost(as other: SocketAddress) -> Bool {
        guard let own = Endpoint(self), let theirs = Endpoint(other) else { return false }
        return own.high == theirs.high && own.low == theirs.low
    }
}
