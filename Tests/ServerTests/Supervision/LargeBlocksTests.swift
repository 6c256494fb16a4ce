import Testing

@testable import Server

#if canImport(Glibc)
    @Suite struct LargeBlocksTests {
        @Test("A large block is the kernel's own, and stays so after larger ones were freed")
        func mapped() {
            #expect(LargeBlocks.returnToKernel())
            for _ in 0..<3 { Self.allocate(byteCount: 4 << 20) { _ in } }
            #expect(Self.allocate(byteCount: LargeBlocks.threshold) { Self.isMapped($0) })
            #expect(!Self.allocate(byteCount: LargeBlocks.threshold / 2) { Self.isMapped($0) })
        }

        @discardableResult
        private static func allocate<Result>(byteCount: Int, _ body: (UnsafeMutableRawPointer) -> Result) -> Result {
            let block = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 1)
            defer { block.deallocate() }
            return body(block)
        }

        /// glibc keeps the size of a block in the word before it, and in its lowest bits flags: 2 for one that is mapped by itself.
        private static func isMapped(_ block: UnsafeMutableRawPointer) -> Bool {
            (block - MemoryLayout<UInt>.size).load(as: UInt.self) & 2 != 0
        }
    }
#endif
