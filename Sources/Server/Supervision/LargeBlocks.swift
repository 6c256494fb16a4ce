import CHeap

/// Where the heap gets its large blocks from: bursts, groups of pictures, and what viewers start with.
enum LargeBlocks {
    /// The size of a block from which on the kernel is asked, in bytes: that of the bursts a start is cut into. Each costs the
    /// kernel a fault for every 4 KiB, so the pictures of a camera, some 20 to 100 KB, are to stay below.
    static let threshold = 256 * 1024

    /// What may stay free at the end of the heap, in bytes. A key frame lets a whole group of pictures go, 5 MB at 20 Mbit/s, and the next
    /// one wants as much in a moment: given back it would come with a fault for every 4 KiB.
    static let reserve = 8 * 1024 * 1024

    /// Gives each large block back to the kernel when it is freed; false where the C library does not let us.
    ///
    /// Left to itself, glibc moves its threshold up with the first large block that is freed, and what viewers start with comes
    /// to lie among the small blocks of their sessions: those stay, and megabytes of holes between them.
    @discardableResult
    static func returnToKernel() -> Bool {
        heap_map_blocks_from(threshold) && heap_keep_free(reserve)
    }
}
