import NIOCore

extension [ListeningPoint] {
    /// The system's numbers of the interfaces that the groups among these points are joined on: the one that a point names, by name or
    /// address, or all where it is left to the routes. `nil` where there is no group.
    ///
    /// A membership is gone with its interface, one of the same name that comes back has another number, and no event tells.
    package var interfaces: Set<Int>? {
        let groups = filter(\.isMulticast)
        guard !groups.isEmpty else { return nil }
        let devices = (try? System.enumerateDevices()) ?? []
        return Set(
            devices.filter { device in
                groups.contains { point in
                    point.interface.map { $0 == device.name || $0 == device.address?.ipAddress } ?? true
                }
            }.map(\.interfaceIndex))
    }
}
