import NIOCore
import Testing

@testable import Reflector

@Suite("What one read gave, as a burst")
struct BurstBuilderTests {
    /// Adds a packet of a picture on track 0, or of sound on track 1.
    private func add(_ number: UInt16, track: Int = 0, marker: Bool, to builder: inout BurstBuilder) {
        builder.append(
            payload: ByteBuffer(repeating: UInt8(truncatingIfNeeded: number), count: 100),
            header: OutgoingHeader(marker: marker, payloadType: 96, sequenceNumber: number, timestamp: 0, ssrc: 1),
            track: track,
            isPicture: track == 0,
            startsGroup: false
        )
    }

    @Test("a burst tells that its picture goes on, and the next one where it ends")
    func openPicture() throws {
        var builder = BurstBuilder()
        add(1, marker: false, to: &builder)
        let taken = builder.take(at: .uptimeNanoseconds(0))
        let beginning = try #require(taken)
        #expect(beginning.leavesPictureOpen)

        add(7, track: 1, marker: true, to: &builder)
        let sound = builder.take(at: .uptimeNanoseconds(1))
        #expect(sound?.leavesPictureOpen == true)

        add(8, track: 1, marker: true, to: &builder)
        add(2, marker: false, to: &builder)
        add(3, marker: true, to: &builder)
        add(4, marker: false, to: &builder)
        let takenLast = builder.take(at: .uptimeNanoseconds(2))
        let end = try #require(takenLast)
        #expect(end.leavesPictureOpen)
        let rest = try #require(end.throughAccessUnit(of: 0))
        #expect(!rest.leavesPictureOpen)
        #expect(rest.entries == Array(end.entries[..<3]))
        #expect(rest.bytes == end.bytes.getSlice(at: 0, length: 3 * (4 + 12 + 100)))
        #expect(beginning.throughAccessUnit(of: 0) == nil)
    }

    @Test("reports that lead a burst leave its packets as they were")
    func leadingReports() throws {
        var builder = BurstBuilder()
        add(1, marker: true, to: &builder)
        add(2, track: 1, marker: true, to: &builder)
        builder.lead(with: [(track: 0, packet: ByteBuffer(repeating: 0, count: 28))])
        let taken = builder.take(at: .uptimeNanoseconds(0))
        let burst = try #require(taken)
        #expect(burst.entries.map(\.isControl) == [true, false, false])
        #expect(burst.entries.map(\.track) == [0, 0, 1])
        for (entry, number) in zip(burst.entries.dropFirst(), [1, 2] as [UInt16]) {
            #expect(burst.bytes.getInteger(at: entry.offset - 4, as: UInt8.self) == 0x24)
            #expect(burst.bytes.getInteger(at: entry.offset + 2, as: UInt16.self) == number)
        }
    }

    @Test("what a group's begin closes is set aside, in order, before what comes next")
    func finished() throws {
        var builder = BurstBuilder()
        builder.finish(at: .uptimeNanoseconds(0))
        #expect(builder.finished.isEmpty)
        for number in 1...2 as ClosedRange<UInt16> {
            add(number, marker: true, to: &builder)
            builder.finish(at: .uptimeNanoseconds(UInt64(number)))
        }
        add(3, marker: true, to: &builder)
        let aside = builder.takeFinished()
        #expect(aside.map(\.arrival) == [.uptimeNanoseconds(1), .uptimeNanoseconds(2)])
        #expect(builder.finished.isEmpty && !builder.isEmpty)
        let last = builder.take(at: .uptimeNanoseconds(3))
        #expect(last?.entries.count == 1)
    }
}
