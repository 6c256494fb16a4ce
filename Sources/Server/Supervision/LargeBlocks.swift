import CHeap

/// Where the heap gets its large blocks from: bursts, groups of pictures, and what viewers start with.
enum LargeBlocks {
    /// The size of a block from which on the kernel is asked, in bytes: that of the bursts a start is cut into.
    static let threshold = 32 * 1024

    /// Gives each large block back to the kernel when it is freed; false where the C library does not let us.
    ///
    /// Left to itself, glibc moves its threshold up with the first large block that is freed, and what viewers start with comes
    /// to lie among the small blocks of their sessions: those stay, and megabytes of holes between them.
    @discardableResult
    static func returnToKernel() -> Bool {
        heap_map_blocks_from(threshold)
    }
}
