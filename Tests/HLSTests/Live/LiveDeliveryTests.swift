import NIOCore
import Testing

@testable import HLS

@Suite("LiveDelivery")
struct LiveDeliveryTests {
    private static func moment(_ seconds: Double) -> NIODeadline { .uptimeNanoseconds(UInt64(seconds * 1e9)) }

    @Test("A viewer that came in between waits for a group, and gets the opening in front of it")
    func beginning() {
        var delivery = LiveDelivery()
        #expect(delivery.fragmentCame(startsGroup: false, backlog: 0, at: Self.moment(1)) == .skip)
        #expect(delivery.fragmentCame(startsGroup: true, backlog: 0, at: Self.moment(2)) == .open)
        #expect(delivery.fragmentCame(startsGroup: false, backlog: 0, at: Self.moment(2.04)) == .send)
        delivery.openingChanged()
        #expect(delivery.fragmentCame(startsGroup: false, backlog: 0, at: Self.moment(3)) == .skip)
        #expect(delivery.fragmentCame(startsGroup: true, backlog: 0, at: Self.moment(4)) == .open)
    }

    @Test(
        "A viewer that takes nothing for three seconds loses the group, and goes on with a key frame when it has taken all"
    )
    func slow() {
        var delivery = LiveDelivery()
        delivery.began()
        var verdicts: [LiveDelivery.Verdict] = []
        for picture in 0..<100 {
            verdicts.append(
                delivery.fragmentCame(
                    startsGroup: picture % 25 == 0, backlog: 100_000, at: Self.moment(10 + Double(picture) / 25)))
        }
        #expect(verdicts.prefix(76).allSatisfy { $0 == .send } && verdicts[76] == .lose)
        #expect(verdicts.dropFirst(77).allSatisfy { $0 == .skip })
        #expect(delivery.fragmentCame(startsGroup: true, backlog: 70_000, at: Self.moment(15)) == .skip)
        #expect(delivery.fragmentCame(startsGroup: false, backlog: 0, at: Self.moment(15.5)) == .skip)
        #expect(delivery.fragmentCame(startsGroup: true, backlog: 0, at: Self.moment(16)) == .send)
    }

    @Test("A viewer that empties its socket now and then loses nothing, and memory is bounded at once")
    func bounds() {
        var delivery = LiveDelivery()
        delivery.began()
        for picture in 0..<1000 {
            let verdict = delivery.fragmentCame(
                startsGroup: false, backlog: picture % 50 == 0 ? 0 : 1_000_000,
                at: Self.moment(10 + Double(picture) / 25))
            #expect(verdict == .send)
        }
        #expect(delivery.fragmentCame(startsGroup: false, backlog: 17 << 20, at: Self.moment(60)) == .lose)
    }

    @Test("A group is kept from its key frame on, and not beyond its bounds")
    func group() {
        var group = LiveGroup()
        let opening = LiveOpening(
            mediaType: "video/mp4", pictures: .h264, dimensions: nil, initialization: ByteBuffer())
        let key = LiveFragment(bytes: ByteBuffer(repeating: 1, count: 100), startsGroup: true)
        let other = LiveFragment(bytes: ByteBuffer(repeating: 2, count: 1 << 20), startsGroup: false)
        group.took(.opened(opening))
        group.took(.fragment(other))
        #expect(!group.isStartable)
        group.took(.fragment(key))
        group.took(.fragment(other))
        #expect(group.isStartable && group.fragments == [key, other])
        group.took(.fragment(key))
        #expect(group.fragments == [key])
        for _ in 0..<20 { group.took(.fragment(other)) }
        #expect(!group.isStartable)
        group.took(.fragment(key))
        #expect(group.isStartable)
        group.took(.lost("gone"))
        #expect(!group.isStartable)
    }

    @Test(
        "What a browser can show is read from its probes",
        arguments: [
            ("avc1.640029,hvc1.1.6.L93.B0,mp4a.40.2", [.h264, .h265, .aac]),
            ("AVC1.42E01E", [.h264]), ("hev1.1.6.L93.B0, mp4a.40.2", [.h265, .aac]),
            ("", [.h264, .h265, .aac]), ("vp09.00.10.08,opus", [.h264, .h265, .aac]), ("mp4a.40.2", [.aac]),
        ] as [(String, Set<LiveWish.Family>)])
    func wishes(probes: String, families: Set<LiveWish.Family>) {
        #expect(LiveWish(probes: probes).families == families)
    }

    @Test("Pictures of a codec that a viewer does not have are refused, and sound is left out for who has none")
    func objections() {
        let wish = LiveWish(probes: "avc1.640029")
        let h265 = LiveOpening(mediaType: "", pictures: .h265, dimensions: nil, initialization: ByteBuffer())
        let h264 = LiveOpening(mediaType: "", pictures: .h264, dimensions: nil, initialization: ByteBuffer())
        #expect(wish.objection(to: h265) != nil && wish.objection(to: h264) == nil)
        #expect(wish.tracks == LiveTracks(hasPictures: true, hasSound: false))
        guard case .chosen(let selection) = wish.tracks.of(TrackSelection.of(SimulatedCamera().tracks)) else {
            Issue.record("nothing chosen")
            return
        }
        #expect(selection.video != nil && selection.sound == nil)
    }
}
