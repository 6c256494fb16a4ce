import ISOMedia
import Media
import NIOCore
import RTSPTransport

extension MovieProgram {
    /// What is sent to `address`, for a player to open as a file: with ports and without controls, for nothing can be asked for.
    ///
    /// The tracks' lines are those of the movie, so that a hinted codec which nobody here knows is described as its hinter did.
    func description(title: String, identifier: UInt64, sentTo target: DatagramPushTarget, at address: SocketAddress)
        -> String
    {
        let host = address.ipAddress ?? target.host
        let isIPv6 = address.protocol == .inet6
        let place = address.isMulticast && !isIPv6 ? "\(host)/\(target.sending.ttl)" : host
        var lines: [String] = []
        var (isSession, track) = (true, 0)
        let own = sessionDescription(
            title: title, identifier: identifier, version: 1, from: isIPv6 ? "::" : "0.0.0.0")
        for line in own.split(whereSeparator: \.isNewline) {
            let isAsked = ["a=control:", "a=range:"].contains { line.lowercased().hasPrefix($0) }
            switch line.prefix(2) {
            case "a=" where isAsked: break
            case "c=":
                if isSession { lines.append("c=IN \(isIPv6 ? "IP6" : "IP4") \(place)") }
            case "m=":
                isSession = false
                var fields = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
                if fields.count > 1 { fields[1] = "\(target.port(of: track) ?? 0)" }
                lines.append(fields.joined(separator: " "))
                track += 1
            default: lines.append(String(line))
            }
        }
        return lines.map { $0 + "\r\n" }.joined()
    }

    /// What is announced to a server that is connected to from `local`.
    func announcement(title: String, identifier: UInt64, from local: String) -> SessionDescription {
        SessionDescription(
            origin: SessionOrigin(sessionID: "\(identifier)", sessionVersion: "1", address: local),
            sessionName: sessionName(or: title),
            tracks: tracks.enumerated().map { index, track in
                var description = track.description
                description.control = "trackID=\(index)"
                return description
            })
    }
}
