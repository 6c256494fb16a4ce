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
        let segmentSize: Int?
        let destination: DatagramDestination

        init(_ bytes: ByteBuffer, segmentSize: Int?, to destination: DatagramDestination) {
            self.bytes = bytes
            self.segmentSize = segmentSize == 0 ? nil : segmentSize
            self.destination = destination
        }
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

    /// `address` as this socket names it; `nil` if it cannot be reached from here.
    func destination(of address: SocketAddress) -> DatagramDestination? {
        DatagramDestination(address, isIPv6: isIPv6)
    }

    func send(_ bytes: ByteBuffer, segmentSize: Int?, to destination: DatagramDestination) {
        guard channel.isActive, bytes.readableBytes > 0 else { return }
        sendAlone(Waiting(bytes, segmentSize: segmentSize, to: destination))
    }

    /// Sends the same to each of `destinations`.
    func send(_ bytes: ByteBuffer, segmentSize: Int?, to destinations: [DatagramDestination]) {
        guard channel.isActive, bytes.readableBytes > 0, let first = destinations.first else { return }
        let run = Waiting(bytes, segmentSize: segmentSize, to: first).nextRun(segmentsInKernel: segmentsInKernel)
        let isWhole = run.length == bytes.readableBytes
        bytes.withUnsafeReadableBytes { raw in
            for index in destinations.indices {
                var refusal: CInt?
                // Once a device has refused runs, none is tried for the others.
                if isWhole, backlog.isEmpty, run.segmentSize == nil || segmentsInKernel {
                    let code = system.send(raw, segmentSize: run.segmentSize, to: destinations[index])
                    guard code != 0 else {
                        counters.sent &+= run.datagrams
                        continue
                    }
                    refusal = code
                }
                sendAlone(Waiting(bytes, segmentSize: segmentSize, to: destinations[index]), after: refusal)
            }
        }
    }

    private func sendAlone(_ item: consuming Waiting, after refusal: CInt? = nil) {
        guard backlog.isEmpty, transmit(&item, after: refusal) else { return enqueue(item) }
    }

    func flush() {
        while !backlog.isEmpty {
            guard channel.isActive else { return forgetBacklog() }
            let waited = backlog[backlog.startIndex].bytes.readableBytes
            let isGone = transmit(&backlog[backlog.startIndex])
            counters.backlogBytes -= waited - backlog[backlog.startIndex].bytes.readableBytes
            guard isGone else { return scheduleRetry() }
            backlog.removeFirst()
        }
    }

    /// Gives the port back; what waits is forgotten.
    func close() {
        retry?.cancel()
        retry = nil
        forgetBacklog()
        channel.close(promise: nil)
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

    /// Gives the kernel what it takes; false when it has no room for the rest. `refusal` is what it has answered to the first run already.
    private func transmit(_ item: inout Waiting, after refusal: CInt? = nil) -> Bool {
        var known = refusal
        while item.bytes.readableBytes > 0 {
            let run = item.nextRun(segmentsInKernel: segmentsInKernel)
            let code: CInt
            if let answered = known { code = answered } else { code = transmit(item, run.length, run.segmentSize) }
            known = nil
            switch code {
            case 0:
                counters.sent &+= run.datagrams
            case EAGAIN, ENOBUFS:
                return false
            case EIO where run.segmentSize != nil:
                // The device has no checksum offload: no run will ever leave it whole.
                segmentsInKernel = false
                continue
            case EINVAL where run.segmentSize != nil, EMSGSIZE where run.segmentSize != nil:
                // This route's MTU is below the segment size: plain datagrams are fragmented, for this run alone.
                guard transmitSplit(&item, length: run.length) else { return false }
                continue
            default:
                counters.failed &+= run.datagrams
                counters.lastFailure = code
            }
            item.bytes.moveReaderIndex(forwardBy: run.length)
        }
        return true
    }

    /// Sends the first `length` bytes datagram by datagram; false when the kernel has no more room.
    private func transmitSplit(_ item: inout Waiting, length: Int) -> Bool {
        var left = length
        while left > 0 {
            let count = min(item.segmentSize ?? left, left)
            let code = transmit(item, count, nil)
            switch code {
            case 0: counters.sent &+= 1
            case EAGAIN, ENOBUFS: return false
            default:
                counters.failed &+= 1
                counters.lastFailure = code
            }
            item.bytes.moveReaderIndex(forwardBy: count)
            left -= count
        }
        return true
    }

    private func transmit(_ item: borrowing Waiting, _ length: Int, _ segmentSize: UInt16?) -> CInt {
        let destination = item.destination
        return item.bytes.withUnsafeReadableBytes { bytes in
            system.send(
                UnsafeRawBufferPointer(rebasing: bytes[..<length]), segmentSize: segmentSize, to: destination)
        }
    }
}

extension DatagramSocket.Waiting {
    fileprivate struct Run {
        let length: Int
        /// `nil` for a single datagram.
        let segmentSize: UInt16?
        let datagrams: Int
    }

    /// `UDP_MAX_SEGMENTS` of kernels before 6.9.
    private static var maximumSegments: Int { 64 }
    /// The most a UDP datagram over IPv4 holds, and so the most of one run.
    private static var maximumBytes: Int { 65_507 }

    var datagrams: Int {
        guard let segmentSize else { return 1 }
        return (bytes.readableBytes + segmentSize - 1) / segmentSize
    }

    /// How much of the bytes goes with the next call, and as what.
    func nextRun(segmentsInKernel: Bool) -> Run {
        guard let segmentSize else { return Run(length: bytes.readableBytes, segmentSize: nil, datagrams: 1) }
        let segments = segmentsInKernel ? max(1, min(Self.maximumSegments, Self.maximumBytes / segmentSize)) : 1
        let length = min(segments * segmentSize, bytes.readableBytes)
        guard length > segmentSize else { return Run(length: length, segmentSize: nil, datagrams: 1) }
        return Run(
            length: length, segmentSize: UInt16(truncatingIfNeeded: segmentSize),
            datagrams: (length + segmentSize - 1) / segmentSize
        )
    }
}
