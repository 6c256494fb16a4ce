import HLS
import NIOCore
import NIOHTTP1

/// A viewer of live fragments as the body of one answer (loop-confined).
final class LiveDownload: LiveViewer {
    private let ticket: LiveTicket
    /// Writes a piece of the body behind the head, unflushed.
    private let write: (ByteBuffer) -> Void
    private let channel: any Channel
    private let meter: ByteMeter
    /// The body is whole; it cannot go on in another way.
    private var finish: (() -> Void)?
    private var place: LivePlace?
    private var hasOpened = false
    private(set) var visit = LiveVisit()

    init(
        _ ticket: LiveTicket, on channel: any Channel, _ meter: ByteMeter, write: @escaping (ByteBuffer) -> Void,
        finish: @escaping () -> Void
    ) {
        self.ticket = ticket
        self.channel = channel
        self.meter = meter
        self.write = write
        self.finish = finish
    }

    /// Nobody watches any more.
    func leave() {
        finish = nil
        place?.leave()
        place = nil
    }

    private func end() {
        let finish = finish
        leave()
        finish?()
    }

    var backlog: Int {
        meter.backlog(on: channel)
    }

    func joined(_ place: LivePlace) {
        if finish == nil { place.leave() } else { self.place = place }
    }

    /// Players take one opening for a file: where the tracks change, it is over.
    func opens(_ opening: LiveOpening) {
        guard finish != nil else { return }
        guard !hasOpened, ticket.wish.objection(to: opening) == nil else { return end() }
        hasOpened = true
        write(opening.initialization)
    }

    func send(_ fragment: LiveFragment) {
        guard finish != nil else { return }
        visit.sent(fragment.bytes.readableBytes)
        write(fragment.bytes)
    }

    func flush() {
        if finish != nil { channel.flush() }
    }

    func lostGroup() {
        visit.lostGroup()
    }

    func sourceChanged(lost reason: String?) {}

    func ended(_ end: LiveEnd) {
        self.end()
    }
}
