import Testing

@testable import Egress

@Suite("Whether a stream is sent to its group")
struct MulticastSenderStateMachineTests {
    private let start = PlayStart(tracks: [0: .init(sequenceNumber: 7, timestamp: 9)])

    private func sending(to viewers: Int...) -> MulticastSenderStateMachine {
        var machine = MulticastSenderStateMachine()
        for viewer in viewers { _ = machine.playReceived(from: viewer) }
        _ = machine.prepared(start)
        _ = machine.playAnswered()
        return machine
    }

    @Test("The first PLAY begins it, others join, and the last to leave ends it")
    func whole() {
        var machine = MulticastSenderStateMachine()
        #expect(machine.isSilent)
        #expect(machine.playReceived(from: 1) == .prepare)
        #expect(machine.playReceived(from: 2) == .wait)
        #expect(machine.isPreparing)
        #expect(machine.prepared(start) == .answer)
        #expect(machine.playReceived(from: 3) == .answer(start))
        #expect(machine.playAnswered() == .begin)
        #expect(machine.playAnswered() == .nothing)
        #expect(machine.playReceived(from: 4) == .joinRunning)
        for viewer in 1...3 { #expect(machine.left(viewer) == .nothing) }
        #expect(machine.left(4) == .end)
        #expect(machine.isEnded)
        #expect(machine.playReceived(from: 5) == .refuse)
        #expect(machine.left(4) == .nothing)
    }

    @Test("PAUSE of one does not stop the others; when all pause nothing is sent, and nobody is told goodbye")
    func pause() {
        var machine = sending(to: 1, 2)
        #expect(machine.pauseReceived(from: 1) == .nothing)
        #expect(machine.pauseReceived(from: 1) == .nothing)
        #expect(machine.left(2) == .pause)
        #expect(machine.isSilent)
        #expect(machine.playReceived(from: 1) == .prepare)
        #expect(machine.prepared(start) == .answer)
        #expect(machine.playAnswered() == .begin)
        #expect(machine.pauseReceived(from: 1) == .pause)
        #expect(machine.left(1) == .end)
    }

    @Test("Who pauses or leaves before the stream has come is not sent anything")
    func early() {
        var machine = MulticastSenderStateMachine()
        _ = machine.playReceived(from: 1)
        #expect(machine.pauseReceived(from: 1) == .pause)
        #expect(machine.prepared(start) == .nothing)
        #expect(machine.playAnswered() == .nothing)
        #expect(machine.playReceived(from: 1) == .prepare)
        #expect(machine.left(1) == .end)
        #expect(machine.prepared(start) == .nothing && machine.failed() == .nothing)
    }

    @Test("A stream that does not come refuses all who wait; they may ask again")
    func failure() {
        var machine = MulticastSenderStateMachine()
        _ = machine.playReceived(from: 1)
        _ = machine.playReceived(from: 2)
        #expect(machine.failed() == .refuse)
        #expect(machine.failed() == .nothing)
        #expect(machine.playReceived(from: 2) == .prepare)
        #expect(machine.left(2) == .pause)
        #expect(machine.left(1) == .end)
    }

    @Test("The end of the stream is told to everybody, whether he plays or pauses, once")
    func streamEnds() {
        var machine = sending(to: 1, 2, 3)
        _ = machine.pauseReceived(from: 2)
        _ = machine.left(3)
        #expect(machine.streamEnded() == .end(viewers: [1, 2]))
        #expect(machine.streamEnded() == .nothing)
        #expect(machine.left(1) == .nothing && machine.pauseReceived(from: 2) == .nothing)
    }

    @Test("A viewer who never played neither stops it nor keeps it")
    func stranger() {
        var machine = sending(to: 1)
        #expect(machine.left(9) == .nothing && machine.pauseReceived(from: 9) == .nothing)
        #expect(machine.left(1) == .end)
    }
}
