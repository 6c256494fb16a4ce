import NIOCore

/// One who watches live; called on the loop it lives on.
package protocol LiveViewer: AnyObject {
    /// Bytes that were sent and the peer's socket has not taken yet; 0 where they are too few to matter.
    var backlog: Int { get }
    /// It is on from now; it may be over already, and gives the place back then.
    func joined(_ place: LivePlace)
    /// What is sent next begins so.
    func opens(_ opening: LiveOpening)
    func send(_ fragment: LiveFragment)
    /// Nothing more comes at this moment.
    func flush()
    /// Its socket was too slow: the rest of a group is left out.
    func lostGroup()
    /// The source is away, for that reason; `nil`: it is back.
    func sourceChanged(lost reason: String?)
    /// There is nothing more, and the place is given back.
    func ended(_ end: LiveEnd)
}

/// The viewers of a stream on one loop (loop-confined): a fragment comes here once, and goes to each.
final class LiveLoop {
    private struct Watching {
        let viewer: any LiveViewer
        var delivery = LiveDelivery()
    }

    private var viewers: [Int: Watching] = [:]
    private var group: LiveGroup

    /// `group` is the one under way.
    init(_ group: LiveGroup) {
        self.group = group
    }

    func add(_ viewer: any LiveViewer, _ number: Int) {
        var watching = Watching(viewer: viewer)
        let isStartable = group.isStartable
        if isStartable { watching.delivery.began() }
        viewers[number] = watching
        guard isStartable, let opening = group.opening else { return }
        viewer.opens(opening)
        for fragment in group.fragments { viewer.send(fragment) }
        viewer.flush()
    }

    /// Whether it was there.
    func remove(_ number: Int) -> Bool {
        viewers.removeValue(forKey: number) != nil
    }

    func take(_ events: [LiveEvent], at now: NIODeadline) {
        // Whoever is told something may leave at once.
        let numbers = Array(viewers.keys)
        for event in events {
            group.took(event)
            switch event {
            case .opened: for number in numbers { viewers[number]?.delivery.openingChanged() }
            case .fragment(let fragment): for number in numbers { deliver(fragment, to: number, at: now) }
            case .lost(let reason): for number in numbers { viewers[number]?.viewer.sourceChanged(lost: reason) }
            case .returned: for number in numbers { viewers[number]?.viewer.sourceChanged(lost: nil) }
            case .ended(let end): for number in numbers { viewers.removeValue(forKey: number)?.viewer.ended(end) }
            }
        }
        for number in numbers { viewers[number]?.viewer.flush() }
    }

    private func deliver(_ fragment: LiveFragment, to number: Int, at now: NIODeadline) {
        guard let viewer = viewers[number]?.viewer else { return }
        let backlog = viewer.backlog
        switch viewers[number]?.delivery.fragmentCame(startsGroup: fragment.startsGroup, backlog: backlog, at: now) {
        case .send: viewer.send(fragment)
        case .open:
            if let opening = group.opening { viewer.opens(opening) }
            viewer.send(fragment)
        case .lose: viewer.lostGroup()
        case .skip, nil: break
        }
    }
}

/// A viewer's place among those of a stream.
package struct LivePlace: Sendable {
    let seat: NIOLoopBoundBox<LiveLoop>
    let number: Int
    let eventLoop: any EventLoop
    let stream: LiveStream

    /// Gives it back, on the viewer's loop; idempotent.
    package func leave() {
        guard seat.value.remove(number) else { return }
        Task { [stream, eventLoop] in await stream.left(eventLoop) }
    }
}
