import Testing

@testable import HLS

@Suite struct SoundPlacesTests {
    @Test("Times that waver are not followed, a gap stays one, and units are found by their place")
    func places() {
        var places = SoundPlaces(sampleRate: 8000)
        for (index, time) in [0, 161, 318, 480, 4000, 4160].enumerated() {
            let isTaken = places.append(index: index + 7, at: Int64(time), count: 160)
            #expect(isTaken)
        }
        #expect((7..<13).map { places.position(of: $0) } == [0, 160, 320, 480, 4000, 4160])
        #expect(places.start == 0 && places.end == 4320 && places.endIndex == 13)
        #expect(places.index(at: 0) == 7 && places.index(at: 159) == 7 && places.index(at: 160) == 8)
        // In the gap, and behind the end.
        #expect(places.index(at: 2000) == 10 && places.index(at: 9999) == 12)
        // Before the beginning as if there were more.
        #expect(places.index(at: -1) == 6 && places.position(of: 5) == -320)
    }

    @Test("Units of another length go on from there, and what would lie before is refused")
    func lengths() {
        var places = SoundPlaces(sampleRate: 48_000)
        let taken = [(10, 960), (970, 480), (1450, 960)].enumerated().map { index, unit in
            places.append(index: index, at: unit.0, count: unit.1)
        }
        #expect(taken == [true, true, true])
        #expect((0..<3).map { places.position(of: $0) } == [10, 970, 1450])
        let isTaken = places.append(index: 3, at: 0, count: 960)
        #expect(!isTaken)
        #expect(places.endIndex == 3)
    }
}
