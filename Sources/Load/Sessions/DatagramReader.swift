import CReceive

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Reads what waits in a UDP socket, many datagrams at a call and of each the beginning only. One for all sockets.
struct DatagramReader: ~Copyable {
    /// Datagrams taken at a call.
    static let most = 64

    private let batch: OpaquePointer

    /// `nil` without memory.
    init?() {
        guard let batch = creceive_create(UInt32(Self.most), PacketBeginning.looked) else { return nil }
        self.batch = batch
    }

    deinit { creceive_destroy(batch) }

    /// How many came; zero when nothing waits.
    func receive(from descriptor: Int32) -> Int {
        while true {
            let count = creceive_receive(batch, descriptor)
            if count >= 0 { return Int(count) }
            guard errno == EINTR else { return 0 }
        }
    }

    /// Datagram `index` of the last call: its beginning, valid until the next one, and its length on the wire.
    func datagram(_ index: Int) -> (beginning: UnsafeRawBufferPointer, length: Int) {
        let length = creceive_length(batch, UInt32(index))
        let looked = min(length, PacketBeginning.looked)
        return (UnsafeRawBufferPointer(start: creceive_beginning(batch, UInt32(index)), count: looked), length)
    }
}
