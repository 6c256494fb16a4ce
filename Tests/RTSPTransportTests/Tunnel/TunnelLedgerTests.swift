import NIOCore
import RTSP
import Testing

@testable import RTSPTransport

@Suite("The ledger of tunnels")
struct TunnelLedgerTests {
    private typealias Ledger = TunnelLedger<Int, Int>

    private func key(_ cookie: String, at host: String = "192.0.2.1") throws -> TunnelKey {
        let address = try SocketAddress(ipAddress: host, port: 1)
        return TunnelKey(network: Network(address), cookie: try #require(TunnelCookie(cookie)))
    }

    private func ledger(_ most: Int = 8, _ mostPerNetwork: Int = 4) -> TunnelLedger<Int, Int> {
        Ledger(mostWaiting: most, mostWaitingPerNetwork: mostPerNetwork)
    }

    @Test("either half may come first, and POSTs again while the GET is there")
    func orders() throws {
        var ledger = ledger()
        let key = try key("a")
        #expect(try ledger.getArrived(1, key) == nil)
        #expect(ledger.waitingCount == 1)
        for post in 2...5 {
            guard case .bound(1) = try ledger.postArrived(post, key) else { return #expect(Bool(false)) }
        }
        #expect(ledger.waitingCount == 0)
        let hadPost = ledger.getEnded(key)
        #expect(hadPost && ledger.count == 0)
        guard case .waiting = try ledger.postArrived(6, key) else { return #expect(Bool(false)) }
        #expect(try ledger.getArrived(7, key) == 6)
        #expect(ledger.waitingCount == 0 && ledger.count == 1)
    }

    @Test("a cookie belongs to one GET of an address; another address with the same cookie has a tunnel of its own")
    func cookies() throws {
        var ledger = ledger()
        _ = try ledger.getArrived(1, key("a"))
        #expect(throws: TunnelRefusal.cookieInUse) { try ledger.getArrived(2, key("a")) }
        #expect(try ledger.getArrived(3, key("a", at: "192.0.2.2")) == nil)
        guard case .bound(3) = try ledger.postArrived(4, key("a", at: "192.0.2.2")) else { return #expect(Bool(false)) }
        guard case .waiting = try ledger.postArrived(5, key("b")) else { return #expect(Bool(false)) }
        #expect(throws: TunnelRefusal.cookieInUse) { try ledger.postArrived(6, key("b")) }
    }

    @Test("halves that wait are bounded for each address and for all, tunnels are not")
    func bounds() throws {
        var ledger = ledger(6, 4)
        for number in 0..<4 { _ = try ledger.getArrived(number, key("\(number)")) }
        #expect(throws: TunnelRefusal.tooManyHalves) { try ledger.getArrived(9, key("9")) }
        #expect(throws: TunnelRefusal.tooManyHalves) { try ledger.postArrived(9, key("9")) }
        for number in 0..<2 { _ = try ledger.postArrived(number, key("\(number)", at: "192.0.2.2")) }
        #expect(throws: TunnelRefusal.tooManyHalves) { try ledger.getArrived(9, key("9", at: "192.0.2.3")) }
        for number in 0..<4 { _ = try ledger.postArrived(number, key("\(number)")) }
        #expect(ledger.waitingCount == 2)
        _ = try ledger.getArrived(9, key("9"))
    }

    @Test("a POST that leaves late takes nobody else's place")
    func tickets() throws {
        var ledger = ledger()
        let key = try key("a")
        guard case .waiting(let first) = try ledger.postArrived(1, key) else { return #expect(Bool(false)) }
        _ = try ledger.getArrived(2, key)
        ledger.getEnded(key)
        guard case .waiting(let second) = try ledger.postArrived(3, key) else { return #expect(Bool(false)) }
        ledger.postLeft(key, ticket: first)
        #expect(ledger.count == 1)
        ledger.postLeft(key, ticket: second)
        #expect(ledger.count == 0 && ledger.waitingCount == 0)
    }

    @Test("whatever happens in whatever order, nothing is counted that is not there")
    func randomly() throws {
        var generator = LinearCongruentialGenerator(seed: 11)
        var ledger = ledger(5, 3)
        var gets: Set<Int> = []
        var tickets: [Int: UInt64] = [:]
        let keys = try (0..<8).map { try key("\($0 / 2)", at: "192.0.2.\($0 % 2 + 1)") }
        for step in 0..<5000 {
            let place = Int.random(in: 0..<keys.count, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0:
                do {
                    _ = try ledger.getArrived(step, keys[place])
                    gets.insert(place)
                } catch {}
            case 1:
                if case .waiting(let ticket) = try? ledger.postArrived(step, keys[place]) { tickets[place] = ticket }
            case 2: if gets.remove(place) != nil { ledger.getEnded(keys[place]) }
            default: if let ticket = tickets.removeValue(forKey: place) { ledger.postLeft(keys[place], ticket: ticket) }
            }
            #expect(ledger.waitingCount <= 5 && ledger.waitingCount <= ledger.count)
        }
        for place in gets { ledger.getEnded(keys[place]) }
        for (place, ticket) in tickets { ledger.postLeft(keys[place], ticket: ticket) }
        #expect(ledger.count == 0 && ledger.waitingCount == 0)
    }
}
