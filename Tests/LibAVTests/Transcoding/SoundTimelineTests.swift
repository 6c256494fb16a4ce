import Testing

@testable import LibAV

@Suite("SoundTimeline")
struct SoundTimelineTests {
    /// G.711 in units of 20 ms, made into 16 kHz.
    private static func timeline() -> SoundTimeline {
        SoundTimeline(clockRate: 8000, inputRate: 8000, outputRate: 16_000)
    }
    private static let follows = SoundTimeline.Placement.follows(silence: 0, stretch: 0, within: 0)

    /// What becomes of units whose times are `ahead(n)` samples of the input off.
    private static func place(_ count: Int, ahead: (Int) -> Int) -> [SoundTimeline.Placement] {
        var timeline = timeline()
        return (0..<count).compactMap { timeline.unitCame(time: Int64($0 * 160 + ahead($0)), samples: 160) }
    }

    @Test("Units in step follow each other from where the first begins")
    func inStep() {
        var timeline = Self.timeline()
        #expect(timeline.unitCame(time: 1 << 40, samples: 160) == .begins(at: 1 << 41))
        for unit in 1..<200 {
            let placement = timeline.unitCame(time: 1 << 40 + Int64(unit) * 160, samples: 160)
            guard case .follows(silence: 0, stretch: 0, _) = placement else {
                Issue.record("unit \(unit): \(String(describing: placement))")
                return
            }
        }
    }

    @Test("Rates that do not divide keep their step for hours")
    func oddRates() {
        var timeline = SoundTimeline(clockRate: 11_025, inputRate: 11_025, outputRate: 16_000)
        for unit in 0..<100_000 {
            switch timeline.unitCame(time: Int64(unit) * 441, samples: 441) {
            case .begins(at: 0) where unit == 0, .follows(silence: 0, stretch: 0, _): continue
            case let other:
                Issue.record("unit \(unit): \(String(describing: other))")
                return
            }
        }
    }

    @Test("A gap of more than 100 ms stays one, where it was")
    func gap() {
        let placements = Self.place(60) { $0 < 50 ? 0 : 801 }
        #expect(placements[50] == .begins(at: (50 * 160 + 801) * 2))
        #expect(placements[51] == Self.follows)
        #expect(placements.count { if case .begins = $0 { true } else { false } } == 2)
    }

    @Test("Sound that was heard already is left out, and what goes beyond it is not")
    func overlap() {
        let placements = Self.place(40) { $0 < 20 ? 0 : -1000 }
        #expect(placements[20] == .overlaps(skipping: 160) && placements[21] == .overlaps(skipping: 160))
        // Six units are passed over, then only the last hundredth of a second is not new.
        #expect(placements[20..<40].count { $0 == .overlaps(skipping: 160) } <= 6)
        #expect(placements[27..<34].allSatisfy { $0 == Self.follows })
    }

    @Test("Times that waver by 60 ms change nothing")
    func jitter() {
        let placements = Self.place(500) { [0, 480, -480, 240, -240, 0][$0 % 6] }
        var silence = 0
        var stretched = 0
        for placement in placements.dropFirst() {
            guard case .follows(let put, let stretch, _) = placement else {
                Issue.record("\(placement)")
                return
            }
            silence += put
            stretched += abs(stretch)
        }
        #expect(silence == 0 && stretched < 500 * 320 / 100)
    }

    @Test("A clock that runs off is followed by stretching, within a hundredth of a second", arguments: [-300, 300])
    func drift(partsPerMillion: Int) {
        let units = 6000
        var stretched = 0
        for placement in Self.place(units, ahead: { $0 * 160 * partsPerMillion / 1_000_000 }).dropFirst() {
            guard case .follows(silence: 0, let stretch, _) = placement else {
                Issue.record("\(placement)")
                return
            }
            stretched += stretch
        }
        let off = units * 320 * partsPerMillion / 1_000_000
        #expect(abs(off - stretched) < 160)
    }

    @Test("Where a unit or four are missing, silence takes their place within a second", arguments: [1, 4])
    func missing(units: Int) {
        let placements = Self.place(90) { $0 < 30 ? 0 : units * 160 }
        var put = 0
        for placement in placements.dropFirst() {
            if case .follows(let silence, let stretch, _) = placement { put += silence + stretch }
        }
        #expect(abs(put - units * 320) <= 190)
        #expect(placements.count { if case .begins = $0 { true } else { false } } == 1)
    }

    @Test("Times and units that are none are none")
    func nonsense() {
        var timeline = Self.timeline()
        #expect(
            timeline.unitCame(time: .max, samples: 160) == nil && timeline.unitCame(time: .min, samples: 160) == nil)
        #expect(timeline.unitCame(time: 0, samples: 0) == nil && timeline.unitCame(time: 0, samples: -1) == nil)
        #expect(timeline.unitCame(time: -1600, samples: 160) == .begins(at: -3200))
        #expect(timeline.unitCame(time: 1 << 49, samples: 160) == .begins(at: 1 << 50))
        #expect(timeline.unitCame(time: -1 << 49, samples: 160) == .overlaps(skipping: 160))
    }
}
