import NIOCore
import Reflector

/// Which stream is sent to which group.
///
/// A stream is given the group that its name points to, or the next one free, so that it mostly has the same one after a
/// restart. It keeps it while anybody holds it, and longer: only where no other is left is it taken, from the stream that
/// nobody has asked for longest. So a description that was handed out holds for as long as possible.
struct MulticastAddresses {
    private struct Assignment {
        let index: Int
        var holds = 0
        /// Grows with every question of anybody.
        var latestUse: UInt64
    }

    /// Streams that are remembered; of as many at once no network would carry the packets.
    static let mostAssignments = 4096

    private let range: MulticastRange
    private let capacity: Int
    private var assignments: [StreamPath: Assignment] = [:]
    private var taken: Set<Int> = []
    private var uses: UInt64 = 0

    init(_ range: MulticastRange) {
        self.range = range
        capacity = min(range.count, Self.mostAssignments)
    }

    /// The stream's group, which may become another's as soon as nobody holds it; `nil` where all are held by others.
    mutating func group(for path: StreamPath) -> SocketAddress? {
        uses += 1
        if let index = assignments[path]?.index {
            assignments[path]?.latestUse = uses
            return range[index]
        }
        guard assignments.count < capacity || forgetOldest() else { return nil }
        var index = path.hash(below: range.count)
        // Ends: there are fewer taken than there are addresses.
        while taken.contains(index) { index = (index + 1) % range.count }
        taken.insert(index)
        assignments[path] = Assignment(index: index, latestUse: uses)
        return range[index]
    }

    /// The stream's group, which stays its own until it is released as often.
    mutating func hold(_ path: StreamPath) -> SocketAddress? {
        let group = group(for: path)
        assignments[path]?.holds += 1
        return group
    }

    mutating func release(_ path: StreamPath) {
        guard let holds = assignments[path]?.holds, holds > 0 else { return }
        assignments[path]?.holds = holds - 1
    }

    private mutating func forgetOldest() -> Bool {
        let idle = assignments.filter { $0.value.holds == 0 }.min { $0.value.latestUse < $1.value.latestUse }
        guard let idle else { return false }
        assignments[idle.key] = nil
        taken.remove(idle.value.index)
        return true
    }
}

extension StreamPath {
    /// FNV-1a: the same in every run, which Swift's own is not.
    fileprivate func hash(below count: Int) -> Int {
        let hash = rawValue.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return Int(hash % UInt64(count))
    }
}
