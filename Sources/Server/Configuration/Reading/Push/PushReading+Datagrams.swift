import Egress
import NIOCore

/// Reading of an entry of `push:` whose `to:` is `rtp://` or `udp://`.
extension PushReading {
    /// Of servers, who are asked; an address is not.
    private static let keysOfServers = ["transport", "username", "password", "fingerprint", "verify", "timeout"]

    /// One, or none where something is wrong, which is then reported. `paths` are those of the chosen cameras.
    func datagramTargets(
        _ field: ConfigurationSection.Field, _ text: ConfigurationText, _ paths: [(camera: String, path: String)]
    ) -> [PushConfiguration] {
        let sending = section.reading.multicastSending(section)
        let file = section.text("sdp")?.text
        for key in Self.keysOfServers {
            guard let other = section.field(key) else { continue }
            section.reading.report(
                other.keyPlace, other.keyPath, found: "\(key) where no server is asked", expected: "an rtsp:// URL")
        }
        do throws(Expectation) {
            let url = try DatagramPushURL(parsing: text.text)
            refuseForOneReceiver(url)
            guard paths.count <= 1 else {
                throw Expectation(
                    "one camera for these ports, not \(paths.count)",
                    hint: "give each camera an entry with ports or a group of its own")
            }
            return paths.map { camera, path in
                let target = DatagramPushTarget(
                    host: url.host, port: url.port, sending: sending,
                    descriptionFile: file.map {
                        section.reading.variables.path(of: $0.replacing("{camera}", with: camera))
                    }
                )
                return PushConfiguration(name: name, path: path, target: .datagrams(target))
            }
        } catch {
            section.report(field, text, error)
            return []
        }
    }

    /// Only what goes to a group has a TTL and an interface of ours; a name may stand for one.
    private func refuseForOneReceiver(_ url: DatagramPushURL) {
        guard let address = try? SocketAddress(ipAddress: url.host, port: 0), !address.isMulticast else { return }
        for key in ["ttl", "interface"] {
            guard let field = section.field(key) else { continue }
            section.reading.report(
                field.keyPlace, field.keyPath, found: "\(key) for one receiver", expected: "a multicast group",
                hint: "the routes of the system lead to \(url.host)"
            )
        }
    }
}

/// Where datagrams are sent to already: no two streams may meet there.
struct DatagramPlaces {
    private var targets: [DatagramPushTarget] = []
    /// Where viewers who ask for it are sent multicast.
    private let multicast: MulticastConfiguration?

    /// Tracks that a stream mostly has: picture and sound, two ports each.
    private static let fewestTracks = 2

    init(beside multicast: MulticastConfiguration?) {
        self.multicast = multicast
    }

    /// Why there is no room for a target, and what would do; `nil` where there is, and it is taken.
    mutating func take(_ target: DatagramPushTarget) -> Expectation? {
        if let file = target.descriptionFile, targets.contains(where: { $0.descriptionFile == file }) {
            return Expectation("another file than \(file.printable)", hint: "another entry writes it")
        }
        let other = targets.first { other in
            other.hasHost(of: target)
                && abs(Int(other.port) - Int(target.port)) < 2 * Self.fewestTracks
        }
        if let other {
            return Expectation(
                "four ports that \(other) does not reach", hint: "picture and sound take two each, RTP and RTCP")
        }
        if let ports = portsOfMulticast(at: target), Int(target.port) + 2 * Self.fewestTracks > Int(ports.first),
            target.port <= ports.last
        {
            return Expectation(
                "a group that listen.multicast does not use, or ports outside \(ports)",
                hint: "viewers who ask for multicast may be sent another stream there")
        }
        targets.append(target)
        return nil
    }

    /// The target with as many tracks as have room below the next one.
    func bounded(_ target: DatagramPushTarget) -> DatagramPushTarget {
        let others =
            targets.filter { $0.hasHost(of: target) }.map(\.port)
            + [portsOfMulticast(at: target)?.first].compactMap { $0 }
        let next = others.filter { $0 > target.port }.min()
        guard let next else { return target }
        var bounded = target
        bounded.mostTracks = min(target.mostTracks, (Int(next) - Int(target.port)) / 2)
        return bounded
    }

    private func portsOfMulticast(at target: DatagramPushTarget) -> MulticastPorts? {
        guard let multicast, let address = try? SocketAddress(ipAddress: target.host, port: 0),
            multicast.addresses.contains(address)
        else { return nil }
        return multicast.ports
    }
}

extension DatagramPushTarget {
    /// However it is spelled; names are not looked up.
    fileprivate func hasHost(of other: DatagramPushTarget) -> Bool {
        if let own = try? SocketAddress(ipAddress: host, port: 0),
            let others = try? SocketAddress(ipAddress: other.host, port: 0)
        {
            return own == others
        }
        return host.lowercased() == other.host.lowercased()
    }
}
