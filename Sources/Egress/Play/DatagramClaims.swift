import NIOCore
import RTSP
import RTSPTransport

/// The UDP ports one viewer receives on, by track (loop-confined).
///
/// They lie at the address of its RTSP connection, whatever a Transport header says: nobody has media sent to others.
final class DatagramClaims {
    private struct Claim {
        let ports: PortPair
        let registrations: [DatagramSocketPair.Registration]
    }

    /// RTCP came from a claimed port.
    var onReport: ((_ report: ByteBuffer, _ track: Int) -> Void)?
    private let sockets: DatagramSocketPair
    private let peer: SocketAddress
    private var claims: [Int: Claim] = [:]

    init(on sockets: DatagramSocketPair, for peer: SocketAddress) {
        self.sockets = sockets
        self.peer = peer
    }

    /// Takes a pair of ports in place of the track's last one; false where another track or viewer receives there (M20).
    func claim(_ ports: PortPair, for track: Int) -> Bool {
        if claims[track]?.ports == ports { return true }
        var registrations: [DatagramSocketPair.Registration] = []
        for port in [ports.rtp, ports.rtcp] {
            let registration = sockets.register(peer.at(port)) { [weak self] datagram, isControl in
                if isControl { self?.onReport?(datagram, track) }
            }
            guard let registration else {
                for registration in registrations { sockets.unregister(registration) }
                return false
            }
            registrations.append(registration)
        }
        release(track)
        claims[track] = Claim(ports: ports, registrations: registrations)
        return true
    }

    /// The viewer receives nothing of the track any more, or not by datagrams.
    func release(_ track: Int) {
        guard let claim = claims.removeValue(forKey: track) else { return }
        for registration in claim.registrations { sockets.unregister(registration) }
    }

    func releaseAll() {
        for track in claims.keys { release(track) }
    }
}

extension SocketAddress {
    /// The same host at another port.
    func at(_ port: UInt16) -> SocketAddress {
        var address = self
        address.port = Int(port)
        return address
    }
}
