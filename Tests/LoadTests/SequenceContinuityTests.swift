import Testing

@testable import Load

@Suite("What the sequence numbers of a track tell")
struct SequenceContinuityTests {
    private func continuity(_ numbers: [UInt16], source: UInt32 = 1) -> SequenceContinuity {
        var continuity = SequenceContinuity()
        for number in numbers { continuity.receive(number, source: source) }
        return continuity
    }

    @Test("numbers in a row lose nothing, across the wrap as well")
    func inARow() {
        let found = continuity([65_533, 65_534, 65_535, 0, 1, 2])
        #expect((found.lost, found.reordered, found.duplicates) == (0, 0, 0))
    }

    @Test("a gap is as many losses as numbers are missing, across the wrap as well", arguments: [100, 65_534])
    func gap(_ first: UInt16) {
        let found = continuity([first, first &+ 4, first &+ 5])
        #expect((found.lost, found.reordered, found.duplicates) == (3, 0, 0))
    }

    @Test("a late packet fills its gap and is told as reordered")
    func late() {
        let found = continuity([65_534, 0, 1, 65_535, 2])
        #expect((found.lost, found.reordered, found.duplicates) == (0, 1, 0))
    }

    @Test("a packet that comes twice is a duplicate, and hides no loss")
    func twice() {
        let found = continuity([10, 11, 13, 13, 11, 14])
        #expect((found.lost, found.reordered, found.duplicates) == (1, 0, 2))
    }

    @Test("what comes from before the first packet fills no gap")
    func beforeTheFirst() {
        let found = continuity([10, 12, 9])
        #expect(found.lost == 1)
    }

    @Test("a packet too late to be known leaves the loss as it is")
    func tooLate() {
        let found = continuity([0] + Array(2...200) + [1])
        #expect((found.lost, found.reordered) == (1, 1))
    }

    @Test("a jump far back is a new run, and so is another source")
    func newRun() {
        var found = continuity([5000, 5001, 100, 101])
        #expect(found.lost == 0)
        found.receive(40_000, source: 2)
        found.receive(40_001, source: 2)
        #expect((found.lost, found.reordered) == (0, 1))
    }
}
