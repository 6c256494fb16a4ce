import RTSP

/// What the two halves of a tunnel have in common.
struct TunnelKey: Hashable {
    var network: Network
    var cookie: TunnelCookie
}

/// Why a half is not taken.
enum TunnelRefusal: Error, Equatable {
    /// A GET, or a POST that waits, has that cookie.
    case cookieInUse
    /// Too many halves wait, of this address or of all.
    case tooManyHalves

    var answer: HTTPAnswer {
        switch self {
        case .cookieInUse: .cookieInUse
        case .tooManyHalves: .tooManyHalves
        }
    }
}

/// Which halves of tunnels are there, by address and cookie; what a half is, is the ledger's user's business.
///
/// A cookie counts for one address only: nobody comes into the tunnel of another, and two clients that call themselves
/// the same do not meet.
struct TunnelLedger<Get: Sendable, Post: Sendable>: Sendable {
    enum PostArrival {
        case bound(Get)
        /// For its GET; `ticket` is to be shown when it leaves.
        case waiting(ticket: UInt64)
    }

    /// Halves that wait for their other half.
    private struct Waiting: Sendable {
        var byNetwork: [Network: Int] = [:]
        var total = 0

        mutating func began(_ network: Network) {
            byNetwork[network, default: 0] += 1
            total += 1
        }

        mutating func ended(_ network: Network) {
            guard let here = byNetwork[network] else { return }
            byNetwork[network] = here > 1 ? here - 1 : nil
            total -= 1
        }
    }

    private enum Entry: Sendable {
        case get(Get, hadPost: Bool)
        case post(Post, ticket: UInt64)
    }

    private let mostWaiting: Int
    private let mostWaitingPerNetwork: Int
    private var entries: [TunnelKey: Entry] = [:]
    private var waiting = Waiting()
    private var lastTicket: UInt64 = 0

    init(mostWaiting: Int, mostWaitingPerNetwork: Int) {
        self.mostWaiting = mostWaiting
        self.mostWaitingPerNetwork = mostWaitingPerNetwork
    }

    /// Tunnels, and halves of them.
    var count: Int { entries.count }

    /// Halves that wait for their other half.
    var waitingCount: Int { waiting.total }

    /// The POST that has waited for this GET, if there is one; `getEnded` has to follow, and after an error must not.
    mutating func getArrived(_ get: Get, _ key: TunnelKey) throws(TunnelRefusal) -> Post? {
        switch entries[key] {
        case .get:
            throw .cookieInUse
        case .post(let post, _):
            waiting.ended(key.network)
            entries[key] = .get(get, hadPost: true)
            return post
        case nil:
            try beginWaiting(key)
            entries[key] = .get(get, hadPost: false)
            return nil
        }
    }

    /// Whether a POST ever came to it.
    @discardableResult
    mutating func getEnded(_ key: TunnelKey) -> Bool {
        guard case .get(_, let hadPost) = entries[key] else { return false }
        if !hadPost { waiting.ended(key.network) }
        entries[key] = nil
        return hadPost
    }

    mutating func postArrived(_ post: Post, _ key: TunnelKey) throws(TunnelRefusal) -> PostArrival {
        switch entries[key] {
        case .get(let get, let hadPost):
            if !hadPost { waiting.ended(key.network) }
            entries[key] = .get(get, hadPost: true)
            return .bound(get)
        case .post:
            throw .cookieInUse
        case nil:
            try beginWaiting(key)
            lastTicket &+= 1
            entries[key] = .post(post, ticket: lastTicket)
            return .waiting(ticket: lastTicket)
        }
    }

    /// A POST that waited is gone. Its GET may have come before, or the place be another's by now: then nothing happens.
    mutating func postLeft(_ key: TunnelKey, ticket: UInt64) {
        guard case .post(_, ticket) = entries[key] else { return }
        waiting.ended(key.network)
        entries[key] = nil
    }

    private mutating func beginWaiting(_ key: TunnelKey) throws(TunnelRefusal) {
        guard waiting.total < mostWaiting, waiting.byNetwork[key.network, default: 0] < mostWaitingPerNetwork else {
            throw .tooManyHalves
        }
        waiting.began(key.network)
    }
}
