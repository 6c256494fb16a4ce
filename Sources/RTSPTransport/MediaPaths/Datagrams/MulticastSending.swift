/// How packets to a group leave this machine.
package struct MulticastSending: Sendable, Hashable {
    /// 0 stays on this machine, 1 in the network of the interface; each router on the way needs one more.
    package var ttl: UInt8
    /// Name or address of the interface to send on; `nil` leaves it to the routes of the system.
    package var interface: String?

    package init(ttl: UInt8 = 1, interface: String? = nil) {
        self.ttl = ttl
        self.interface = interface
    }

    /// Throws `ListeningError.noInterface` where there is none of that name.
    package func checkInterface() throws {
        _ = try interface.map(MulticastInterface.init(named:))
    }
}
