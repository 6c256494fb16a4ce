import NIOCore

/// All subscribers of a stream that live on one event loop; entered once per burst.
final class SubscriberGroup {
    private struct Member {
        let id: Int
        let subscriber: any Subscriber
        /// Passes the stream on to other relays, which know its way.
        let isRelay: Bool
        let observer: (any BurstDeliveryObserver)?
    }

    /// Those who are called for each burst.
    private var members: [Member] = []
    /// Those whom a carrier brings their bursts, by number.
    private var carried: [Int: Member] = [:]
    private var carriers: [any BurstCarrier] = []
    private var observers: [any BurstDeliveryObserver] = []
    private let variants = BurstVariants()
    /// To all of this loop at once: what a viewer gets later it notes itself.
    private(set) var sentReports = SentReports()

    func add(_ subscriber: any Subscriber, id: Int, isRelay: Bool, observer: (any BurstDeliveryObserver)?) {
        members.append(Member(id: id, subscriber: subscriber, isRelay: isRelay, observer: observer))
        if let observer, !observers.contains(where: { $0 === observer }) { observers.append(observer) }
    }

    func remove(id: Int) {
        if carried.removeValue(forKey: id) == nil { members.removeAll { $0.id == id } }
        if members.isEmpty, carried.isEmpty { observers = [] }
    }

    /// The carrier of this kind, made for the first who asks.
    func carrier<Carrier: BurstCarrier>(_ make: () -> Carrier) -> Carrier {
        for case let known as Carrier in carriers { return known }
        let carrier = make()
        carriers.append(carrier)
        return carrier
    }

    /// A carrier brings this one its bursts from now on.
    func handOver(id: Int) {
        guard let index = members.firstIndex(where: { $0.id == id }) else { return }
        carried[id] = members.remove(at: index)
    }

    /// This one is called again, from the next burst on.
    func takeBack(id: Int) {
        guard let member = carried.removeValue(forKey: id) else { return }
        members.append(member)
    }

    func deliver(_ burst: Burst) {
        variants.load(burst)
        if burst.holdsReports { sentReports.note(burst, at: .now()) }
        // A subscriber may leave, or be taken back, within the calls: the loop runs over the members as they were.
        // By index: an iterator over them allocates for each where nothing is optimized, and the tests count.
        let members = members
        for carrier in carriers {
            carrier.carry(burst, variants: variants)
        }
        for index in members.indices {
            members[index].subscriber.receive(burst, variants: variants)
        }
        for observer in observers {
            observer.burstDelivered()
        }
    }

    /// The source is gone: nothing comes until there is another.
    func sourceLost() {
        for member in members + carried.values {
            member.subscriber.sourceLost()
        }
    }

    /// The stream comes another way than these were told; each gives its subscription back.
    func endRelays() {
        for member in members + carried.values where member.isRelay {
            member.subscriber.streamEnded()
        }
    }

    func end() {
        let ended = members + carried.values
        members = []
        carried = [:]
        carriers = []
        observers = []
        for member in ended {
            member.subscriber.streamEnded()
        }
    }
}
