import Testing

@testable import Server

#if canImport(Glibc)
    @Suite struct LargeBlocksTests {
        @Test("Large blocks beyond what the heap has free are the kernel's own, though larger ones were freed before")
        func mapped() {
            #expect(LargeBlocks.returnToKernel())
            for _ in 0..<3 {
                UnsafeMutableRawPointer.allocate(byteCount: 4 << 20, alignment: 1).deallocate()
            }
            var blocks: [UnsafeMutableRawPointer] = []
            repeat {
                blocks.append(.allocate(byteCount: LargeBlocks.threshold, alignment: 1))
            } while blocks.count < 2000 && !Self.isMapped(blocks[blocks.count - 1])
            #expect(blocks.count < 2000)
            for block in blocks { block.deallocate() }
        }

        /// glibc keeps the size of a block in the word before it, and in its lowest bits flags: 2 for one that is mapped by itself.
        private static func isMapped(_ block: UnsafeMutableRawPointer) -> Bool {
            (block - MemoryLayout<UInt>.size).load(as: UInt.self) & 2 != 0
        }
    }
#endif
