import CAllocationCount

/// Heap allocations, counted in tests of what must not allocate.
package enum AllocationCount {
    /// False where nothing can be counted: with another C library than glibc, or a sanitizer.
    package static var isKept: Bool { allocation_count_is_kept() }

    /// Allocations of the calling thread while `body` runs; those of other threads do not count.
    package static func during(_ body: () throws -> Void) rethrows -> Int {
        let before = allocation_count_of_thread()
        try body()
        return Int(allocation_count_of_thread() &- before)
    }
}
