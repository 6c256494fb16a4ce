import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The sending side of one unconnected UDP socket (loop-confined); its channel reads.
///
/// Sending goes to the kernel directly: a NIO datagram channel closes at the first error that is not the size's or
/// the host's fault, and one viewer with an unroutable address must not take the socket from all others.
final class DatagramSocket {
    fileprivate struct Waiting {
        var bytes: ByteBuffer
        var segmentSize: Int?
        var destination: DatagramDestination
    }

    private(set) var counters = DatagramCounters()
    /// Whether runs go to the kernel whole (`UDP_SEGMENT`).
    private(set) var segmentsInKernel: Bool

    private let channel: any Channel
    private let system: any DatagramSystem
    private let isIPv6: Bool
    private let backlogLimit: Int
    private var backlog = CircularBuffer<Waiting>()
    private var retry: Scheduled<Void>?

    init(channel: any Channel, system: any DatagramSystem, isIPv6: Bool, segmentsInKernel: Bool, backlogLimit: Int) {
        self.channel = channel
        self.system = system
        self.isIPv6 = isIPv6
        self.segmentsInKernel = segmentsInKernel
        self.backlogLimit = backlogLimit
    }

    /// The address as this socket takes it; `nil` for one that is not of the internet.
    func destination(_ address: SocketAddress) -> DatagramDestination? {
        DatagramDestination(address, isIPv6Socket: isIPv6)
    }

    /// Sends one datagram, or with `segmentSize` a run of them.
    func send(_ bytes: ByteBuffer, segmentSize: Int?, to destination: DatagramDestination) {
        guard channel.isActive, bytes.readableBytes > 0 else { return }
        sendAlone(Waiting(bytes: bytes, segmentSize: segmentSize, destination: destination), after: nil)
    }

    /// Sends the same to each of `destinations`.
    func send(_ bytes: ByteBuffer, segmentSize: Int?, to destinations: [DatagramDestination]) {
        guard channel.isActive, bytes.readableBytes > 0 else { return }
        let run = Run(of: bytes.readableBytes, segmentSize: segmentSize, segmentsInKernel: segmentsInKernel)
        let isWhole = run.length == bytes.readableBytes
        bytes.withUnsafeReadableBytes { raw in
            for index in destinations.indices {
                var refusal: CInt?
                if isWhole, backlog.isEmpty {
                    let code = transmit(raw, run.segmentSize, destinations[index])
                    guard code != 0 else {
                        counters.sent &+= run.datagrams
                        continue
                    }
                    refusal = code
                }
                let item = Waiting(bytes: bytes, segmentSize: segmentSize, destination: destinations[index])
                sendAlone(item, after: refusal)
            }
        }
    }

    private func sendAlone(_ item: Waiting, after refusal: CInt?) {
        guard backlog.isEmpty else { return enqueue(item) }
        if let rest = transmit(item, after: refusal) { enqueue(rest) }
    }

    func flush() {
        while let item = backlog.first {
            guard channel.isActive else { return forgetBacklog() }
            counters.backlogBytes -= item.bytes.readableBytes
            guard let rest = transmit(item) else {
                backlog.removeFirst()
                continue
            }
            counters.backlogBytes += rest.bytes.readableBytes
            backlog[backlog.startIndex] = rest
            return scheduleRetry()
        }
    }

    private func enqueue(_ item: Waiting) {
        guard counters.backlogBytes + item.bytes.readableBytes <= backlogLimit else {
            counters.dropped &+= item.datagrams
            return
        }
        counters.backlogBytes += item.bytes.readableBytes
        backlog.append(item)
        scheduleRetry()
    }

    /// The kernel sends a full buffer's worth in about a millisecond at a gigabit; it has no event for us beside NIO's.
    private func scheduleRetry() {
        guard retry == nil else { return }
        retry = channel.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(1)) { [weak self] in
            self?.retry = nil
            self?.flush()
        }
    }

    private func forgetBacklog() {
        for item in backlog { counters.dropped &+= item.datagrams }
        counters.backlogBytes = 0
        backlog.removeAll()
    }

    /// Gives the kernel what it takes; returns what it has no room for. `refusal` is what it has answered to the first run already.
    private func transmit(_ item: Waiting, after refusal: CInt? = nil) -> Waiting? {
        var item = item
        var refusal = refusal
        while item.bytes.readableBytes > 0 {
            let run = Run(
                of: item.bytes.readableBytes, segmentSize: item.segmentSize, segmentsInKernel: segmentsInKernel
            )
            let code: CInt
            if let known = refusal {
                code = known
            } else {
                code = item.bytes.withUnsafeReadableBytes { bytes in
                    transmit(
                        UnsafeRawBufferPointer(rebasing: bytes.prefix(run.length)), run.segmentSize, item.destination
                    )
                }
            }
            refusal = nil
            switch code {
            case 0:
                counters.sent &+= run.datagrams
            case EAGAIN, ENOBUFS:
                return item
            case EIO where run.segmentSize != nil:
                // The device has no checksum offload: no run will ever leave it whole.
                segmentsInKernel = false
                continue
            case EINVAL where run.segmentSize != nil, EMSGSIZE where run.segmentSize != nil:
                // This route's MTU is below the segment size: plain datagrams are fragmented, for this run alone.
                guard transmitSplit(&item, length: run.length) else { return item }
                continue
            default:
                counters.failed &+= run.datagrams
            }
            item.bytes.moveReaderIndex(forwardBy: run.length)
        }
        return nil
    }

    /// Sends the first `length` bytes datagram by datagram; false when the kernel has no more room.
    private func transmitSplit(_ item: inout Waiting, length: Int) -> Bool {
        var left = length
        while left > 0 {
            let count = min(item.segmentSize ?? left, left)
            let code = item.bytes.withUnsafeReadableBytes { bytes in
                transmit(UnsafeRawBufferPointer(rebasing: bytes.prefix(count)), nil, item.destination)
            }
            switch code {
            case 0: counters.sent &+= 1
            case EAGAIN, ENOBUFS: return false
            default: counters.failed &+= 1
            }
            item.bytes.moveReaderIndex(forwardBy: count)
            left -= count
        }
        return true
    }

    private func transmit(
        _ bytes: UnsafeRawBufferPointer, _ segmentSize: Int?, _ destination: DatagramDestination
    ) -> CInt {
        destination.withUnsafeName { name in
            system.send(bytes, segmentSize: segmentSize.flatMap(UInt16.init(exactly:)), to: name)
        }
    }
}

extension DatagramSocket {
    /// How much of some datagrams goes with one call, and as what.
    fileprivate struct Run {
        /// `UDP_MAX_SEGMENTS` of kernels before 6.9.
        private static var maximumSegments: Int { 64 }
        /// The most a UDP datagram over IPv4 holds, and so the most of one run.
        private static var maximumBytes: Int { 65_507 }

        /// Bytes.
        let length: Int
        /// `nil` for a single datagram.
        let segmentSize: Int?
        let datagrams: Int

        init(of length: Int, segmentSize: Int?, segmentsInKernel: Bool) {
            let size = segmentSize.flatMap { $0 > 0 ? $0 : nil } ?? length
            let segments = segmentsInKernel ? max(1, min(Self.maximumSegments, Self.maximumBytes / size)) : 1
            self.length = min(segments * size, length)
            datagrams = self.length > size ? (self.length + size - 1) / size : 1
            self.segmentSize = datagrams > 1 ? size : nil
        }
    }
}

extension DatagramSocket.Waiting {
    var datagrams: Int {
        guard let segmentSize, segmentSize > 0 else { return 1 }
        return (bytes.readableBytes + segmentSize - 1) / segmentSize
    }
}
