import NIOCore
import Testing

@testable import ISOMedia

struct InspectingTests {
    private func entries(_ bytes: [UInt8]) throws -> [BoxTree.Entry] {
        var tree = BoxTree(ByteBuffer(bytes: bytes))
        var entries: [BoxTree.Entry] = []
        while let entry = try tree.next() { entries.append(entry) }
        return entries
    }

    @Test("All boxes are listed, those in sample descriptions and lists among them, and text is not taken for boxes")
    func tree() throws {
        let entries = try entries(MovieFixture.plain)
        let names = entries.map { String(repeating: ".", count: $0.depth) + "\($0.header.type)" }
        #expect(names.prefix(8) == ["ftyp", "moov", ".mvhd", ".trak", "..tkhd", "..edts", "...elst", "..udta"])
        #expect(names.suffix(5) == [".udta", "..hnti", "...rtp ", ".free", "mdat"])
        #expect(names.contains("......avc1"))
        #expect(names.contains("....sdp "))
        #expect(names.contains("....totl"))
        #expect(entries.allSatisfy { $0.fault == nil })
        #expect(try self.entries(MovieFixture.quickTime).allSatisfy { $0.fault == nil })
    }

    @Test("A box that ends beyond the one it is in is told, and what follows is listed")
    func faults() throws {
        var bytes = MovieFixture.plain
        let place = try #require(bytes.firstRange(of: MovieFixture.latin("elst"))).lowerBound
        bytes[place - 3] = 1
        let entries = try entries(bytes)
        #expect(entries.filter { $0.fault != nil }.map(\.header.type) == ["elst"])
        #expect(entries.last?.header.type == "mdat")
    }

    @Test("Boxes in boxes without end are gone into so far and no further")
    func depth() throws {
        var bytes: [UInt8] = []
        for _ in 0..<100 { bytes = MovieFixture.box("moov", bytes) }
        let entries = try entries(bytes)
        #expect(entries.count == 16)
        #expect(entries.last?.fault != nil)
    }

    @Test("Tables are shown as they stand in the file")
    func tables() throws {
        let bytes = ByteBuffer(bytes: MovieFixture.plain)
        func rows(_ kind: FourCC) throws -> [[Int64]] {
            let table = try #require(try TrackTable(kind, ofTrack: 1, in: bytes))
            return (0..<table.count).map(table.row)
        }
        #expect(try rows("stts") == [[3, 40], [1, 60], [2, 40]])
        #expect(try rows("ctts") == [[1, 40], [2, -10], [3, 0]])
        #expect(try rows("stsc") == [[1, 2, 1], [3, 1, 1]])
        #expect(try rows("stsz") == [[10], [20], [30], [40], [50], [60]])
        #expect(try rows("stco").count == 4)
        #expect(try rows("stss") == [[1], [4]])
        #expect(try rows("elst") == [[100, -1, 65_536], [200, 40, 65_536]])
        #expect(try TrackTable("co64", ofTrack: 1, in: bytes) == nil)
        #expect(try TrackTable("stts", ofTrack: 9, in: bytes) == nil)
        let present = try TrackTable.present(ofTrack: 2, in: bytes)
        #expect(present == ["stts", "ctts", "stsc", "stsz", "stco", "stss"])
        let other = ByteBuffer(bytes: MovieFixture.quickTime)
        #expect(try TrackTable("stsz", ofTrack: 7, in: other)?.constant == 1)
        #expect(try TrackTable("co64", ofTrack: 7, in: other)?.row(1) == [900])
        let compact = ByteBuffer(bytes: MovieFixture.compact)
        for id in 1...3 as ClosedRange<UInt32> {
            let table = try #require(try TrackTable("stz2", ofTrack: id, in: compact))
            #expect((0..<table.count).map(table.row) == [[1], [2], [3]])
        }
    }
}
