import NIOCore
import Testing

@testable import Reflector

@Suite struct PictureHoldTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test("A whole picture waits for nothing")
    func wholePicture() {
        var hold = PictureHold()
        #expect(hold.readEnded(isMidPicture: false, viewers: 1000, at: start) == .distribute)
    }

    @Test("The wait counts from the first piece, and ends with the last")
    func pieces() {
        var hold = PictureHold()
        let end = start + PictureHold.shortest
        #expect(hold.readEnded(isMidPicture: true, viewers: 1, at: start) == .wait(until: end))
        #expect(hold.readEnded(isMidPicture: true, viewers: 1, at: start + .microseconds(150)) == .wait(until: end))
        #expect(hold.readEnded(isMidPicture: true, viewers: 1, at: end) == .distribute)
        #expect(hold.readEnded(isMidPicture: true, viewers: 1, at: end) == .wait(until: end + PictureHold.shortest))
        #expect(hold.readEnded(isMidPicture: false, viewers: 1, at: end) == .distribute)
        #expect(hold.deadline == nil)
    }

    @Test(
        "It lasts as long as one round of sends, within bounds",
        arguments: [(0, 200), (100, 300), (1000, 1000), (.max, 1000)])
    func length(viewers: Int, microseconds: Int64) {
        var hold = PictureHold()
        let end = start + .microseconds(microseconds)
        #expect(hold.readEnded(isMidPicture: true, viewers: viewers, at: start) == .wait(until: end))
    }
}
