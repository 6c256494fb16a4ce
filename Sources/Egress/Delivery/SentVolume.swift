/// How much went out.
struct SentVolume {
    /// RTP and RTCP packets.
    private(set) var packets: UInt64 = 0
    /// Bytes as handed to the socket.
    private(set) var bytes: UInt64 = 0

    mutating func add(packets: Int, bytes: Int) {
        self.packets &+= UInt64(packets)
        self.bytes &+= UInt64(bytes)
    }

    /// Adds what `total` has grown by since it was `earlier`.
    func adding(_ total: SentVolume, since earlier: SentVolume) -> SentVolume {
        var sum = self
        sum.packets &+= total.packets &- earlier.packets
        sum.bytes &+= total.bytes &- earlier.bytes
        return sum
    }
}
