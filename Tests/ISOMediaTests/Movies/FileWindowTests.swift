import NIOCore
import Synchronization
import Testing

@testable import ISOMedia

/// Bytes that note how they are read.
final class NotedBytes: RandomAccessBytes {
    private let bytes: ByteBuffer
    private let notes = Mutex((reads: 0, most: 0, all: 0))

    init(_ bytes: [UInt8]) {
        self.bytes = ByteBuffer(bytes: bytes)
    }

    var size: Int64 { bytes.size }
    var reads: Int { notes.withLock { $0.reads } }
    /// The most at once.
    var most: Int { notes.withLock { $0.most } }
    var all: Int { notes.withLock { $0.all } }

    func read(at offset: Int64, count: Int) throws(MovieError) -> ByteBuffer {
        notes.withLock { $0 = ($0.reads + 1, max($0.most, count), $0.all + count) }
        return try bytes.read(at: offset, count: count)
    }
}

struct FileWindowTests {
    @Test("What lies in the window is read once, and what is longer than it at once")
    func window() throws {
        let bytes = NotedBytes((0..<200).map { UInt8($0) })
        var window = FileWindow(bytes, readAhead: 64)
        for place in stride(from: 0, to: 60, by: 4) {
            #expect(try window.read(at: Int64(place), count: 4).getInteger(at: 0) == UInt8(place))
        }
        #expect(bytes.reads == 1)
        #expect(try Array(window.read(at: 62, count: 4).readableBytesView) == [62, 63, 64, 65])
        #expect(bytes.reads == 2)
        #expect(try window.read(at: 10, count: 100).readableBytes == 100)
        #expect(try window.read(at: 190, count: 10).readableBytes == 10)
        #expect(bytes.most == 100)
        window.release()
        #expect(try window.read(at: 190, count: 1).getInteger(at: 0) == UInt8(190))
        #expect(bytes.reads == 5)
    }

    @Test("No more is read ahead than is of use, and never less than what is asked for")
    func ahead() throws {
        let bytes = NotedBytes(Array(repeating: 1, count: 200))
        var window = FileWindow(bytes, readAhead: 64)
        #expect(try window.read(at: 0, count: 4, FileReading(ahead: 20)).readableBytes == 4)
        #expect(bytes.all == 20)
        #expect(try window.read(at: 100, count: 30, FileReading(ahead: 0)).readableBytes == 30)
        #expect(bytes.all == 50)
    }

    @Test("Who jumps to and fro uses up what may be read in vain; who goes forwards does not")
    func spare() throws {
        let bytes = NotedBytes((0..<200).map { UInt8($0) })
        var window = FileWindow(bytes, readAhead: 64)
        var spare = 100
        for place in 0..<100 {
            let read = try window.read(at: place % 2 == 0 ? 0 : 100, count: 2, spare: &spare)
            #expect(read.getInteger(at: 0) == (place % 2 == 0 ? 0 : 100) as UInt8)
        }
        #expect(bytes.all == 100 * 2 + 100 && spare == 0)
        var other = FileWindow(bytes, readAhead: 64)
        spare = 100
        for place in 0..<96 {
            #expect(try other.read(at: Int64(place * 2), count: 2, spare: &spare).readableBytes == 2)
        }
        #expect(bytes.all <= 300 + 200 && spare >= 92)
        #expect(throws: MovieError.self) { try other.read(at: -1, count: -5, spare: &spare) }
    }

    @Test("Reading beyond the end and beyond all measure is an error, and costs nothing")
    func beyond() {
        let bytes = NotedBytes(Array(repeating: 1, count: 100))
        var window = FileWindow(bytes, readAhead: 64)
        for (offset, count) in [(99, 2), (101, 0), (-1, 1), (0, -1), (Int64.max, 1), (Int64.min, 1)] as [(Int64, Int)] {
            #expect(throws: MovieError.truncated(at: offset)) { try window.read(at: offset, count: count) }
        }
        #expect(throws: MovieError.self) { try window.read(at: 0, count: .max) }
        #expect(bytes.reads == 0)
    }
}
