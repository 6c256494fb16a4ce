extension TrackUnits {
    /// Goes through samples in the order they are decoded; their times are those of the presentation.
    package struct Cursor: Sendable {
        private enum Samples: Sendable {
            case plain(SampleCursor)
            case blocks(SoundBlocks, next: Int)
        }

        private let units: TrackUnits
        private let end: Int
        private var part: Int
        private var samples: Samples
        /// The number of the unit that comes next.
        private var unit: Int

        fileprivate init(_ units: TrackUnits, over range: Range<Int>) {
            self.units = units
            (unit, end) = (range.lowerBound, range.upperBound)
            part = units.part(of: range.lowerBound)
            samples = Self.samples(of: units, in: part, at: range.lowerBound)
        }

        private static func samples(of units: TrackUnits, in part: Int, at unit: Int) -> Samples {
            let index = units.parts[part].sample(of: unit)
            return units.blocks.map { .blocks($0, next: index) } ?? .plain(SampleCursor(units.track.samples, at: index))
        }

        /// `nil` behind the last, and where the tables name no place in any file.
        package mutating func next() -> MovieSample? {
            guard unit < end else { return nil }
            if unit >= units.parts[part].range.upperBound {
                guard part + 1 < units.parts.count else { return nil }
                part += 1
                samples = Self.samples(of: units, in: part, at: unit)
            }
            guard var sample = Self.step(&samples) else { return nil }
            place(&sample)
            sample.index = unit
            unit += 1
            return sample
        }

        private static func step(_ samples: inout Samples) -> MovieSample? {
            switch samples {
            case .plain(var cursor):
                guard let sample = cursor.next() else { return nil }
                samples = .plain(cursor)
                return sample
            case .blocks(let blocks, let next):
                guard let sample = blocks.sample(at: next) else { return nil }
                samples = .blocks(blocks, next: next + 1)
                return sample
            }
        }

        private func place(_ sample: inout MovieSample) {
            switch units.parts[part].times {
            case .shifted(let shift): sample.decodeTime &+= shift
            case .drawnTogether(let times):
                let place = unit - units.parts[part].first
                let shown = times.presentationTime(of: sample)
                let decoded = times.decodeTime(of: sample, at: place)
                // What is behind is decoded in the midst of the pictures before it.
                sample.isSync = sample.isSync && !times.isBehind(sample)
                sample.duration = max(1, nextDecoding(behind: sample, times, shown) &- decoded)
                sample.decodeTime = decoded
                sample.compositionOffset = shown &- decoded
            }
        }

        /// When the unit behind one is decoded, which the durations of all containers lead to.
        private func nextDecoding(behind sample: MovieSample, _ times: PictureTimes, _ shown: Int64) -> Int64 {
            if unit + 1 < units.parts[part].range.upperBound {
                var following = samples
                guard let next = Self.step(&following) else { return .min }
                return times.decodeTime(of: next, at: unit + 1 - units.parts[part].first)
            }
            if part + 1 < units.parts.count, case .drawnTogether(let next) = units.parts[part + 1].times {
                return next.firstDecoding
            }
            // The last one of all stays as long as it is shown.
            let own = MovieTime.convert(sample.duration, from: times.timescale, to: PictureTimes.clockRate)
            let decoded = times.decodeTime(of: sample, at: unit - units.parts[part].first)
            return decoded &+ max(own, (times.end ?? shown) &- shown)
        }
    }

    /// Through samples of the track: those of `range`, and those before that they are decoded with.
    package func cursor(over range: Range<Int>) -> Cursor {
        Cursor(self, over: range)
    }
}
