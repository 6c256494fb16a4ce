import NIOCore

/// All subscribers of a stream that live on one event loop; entered once per burst.
final class SubscriberGroup {
    private struct Member {
        let id: Int
        let subscriber: any Subscriber
        let observer: (any BurstDeliveryObserver)?
    }

    private var members: [Member] = []
    private var observers: [any BurstDeliveryObserver] = []
    private let variants = BurstVariants()

    var isEmpty: Bool { members.isEmpty }

    func add(_ subscriber: any Subscriber, id: Int, observer: (any BurstDeliveryObserver)?) {
        members.append(Member(id: id, subscriber: subscriber, observer: observer))
        collectObservers()
    }

    func remove(id: Int) {
        members.removeAll { $0.id == id }
        collectObservers()
    }

    func deliver(_ burst: Burst) {
        variants.load(burst)
        // A subscriber may leave from within `receive`: the loop runs over the members as they were.
        // By index: an iterator over them allocates for each where nothing is optimized, and the tests count.
        let members = members
        for index in members.indices {
            members[index].subscriber.receive(burst, variants: variants)
        }
        for observer in observers {
            observer.burstDelivered()
        }
    }

    func end() {
        let ended = members
        members = []
        observers = []
        for member in ended {
            member.subscriber.streamEnded()
        }
    }

    private func collectObservers() {
        observers = []
        for case let observer? in members.lazy.map(\.observer) where !observers.contains(where: { $0 === observer }) {
            observers.append(observer)
        }
    }
}
