import NIOCore

/// Reads the tracks of a movie: `moov` first, then the fragments.
struct TrackReading: Sendable {
    /// What is read of a track before its fragments are.
    private struct Part {
        var head: TrackHead
        var plain: PlainSamples?
    }

    private let movieTimescale: UInt32
    private let brands: [FourCC]
    private let limits: MovieLimits
    private var parts: [Part] = []
    private(set) var tracks: [MovieTrack] = []
    private(set) var failures: [MovieError] = []

    init(movieTimescale: UInt32, brands: [FourCC], limits: MovieLimits) {
        self.movieTimescale = movieTimescale
        self.brands = brands
        self.limits = limits
    }

    /// Reads the `trak` boxes in `moov`. Throws `.tooMuch`; of a track that is otherwise wrong, `failures` tells.
    mutating func readTracks(_ moov: [Box]) throws(MovieError) {
        for box in moov where box.type == "trak" {
            guard parts.count + failures.count < limits.tracks else {
                throw .tooMuch("more than \(limits.tracks) tracks")
            }
            do throws(MovieError) {
                let head = try TrackHead(box, brands: brands, limits: limits)
                guard !parts.contains(where: { $0.head.id == head.id }) else {
                    throw box.malformed("a second track of number \(head.id)")
                }
                let packing = head.handler == "soun" ? head.descriptions.first?.sound?.packing : nil
                let stsz = head.table.first("stsz")
                let isOne = stsz?.body.getInteger(at: 4, as: UInt32.self) == 1
                let plain = try PlainSamples(
                    head.table, packing: isOne ? packing : nil, isSound: head.handler == "soun", limits: limits)
                parts.append(Part(head: head, plain: plain))
            } catch {
                if case .tooMuch = error { throw error }
                failures.append(error)
            }
        }
    }

    /// Reads the `moof` boxes and completes the tracks. A last one that the file ends in is left out.
    mutating func readFragments(
        _ fragments: [BoxHeader], of bytes: any RandomAccessBytes, defaults: [UInt32: FragmentDefaults]
    ) throws(MovieError) {
        var builders: [UInt32: FragmentBuilder] = [:]
        for part in parts {
            builders[part.head.id] = FragmentBuilder(isSound: part.head.handler == "soun", time: part.plain?.end ?? 0)
        }
        var collection = FragmentCollection(tracks: builders, defaults: defaults, limits: limits)
        var window = FileWindow(bytes, readAhead: MovieOutline.readAhead)
        for fragment in fragments { try collection.take(fragment, from: &window) }
        if parts.allSatisfy({ $0.plain == nil }) { bringForward(&collection) }
        for part in parts {
            do throws(MovieError) {
                let samples = SampleTable(
                    plain: part.plain, fragments: collection.samples(ofTrack: part.head.id))
                tracks.append(try part.head.track(samples, movieTimescale: movieTimescale, limits: limits))
            } catch {
                if case .tooMuch = error { throw error }
                failures.append(error)
            }
        }
    }

    /// Fragments of a live recording tell when they are decoded since the recorder was started (`tfdt`): the movie begins with the first
    /// of them. What an edit list leaves out is none of that, nor is a wait.
    private func bringForward(_ collection: inout FragmentCollection) {
        var starts: [(track: UInt32, timescale: UInt32, elapsed: Int64)] = []
        for part in parts {
            guard let first = collection.firstTime(ofTrack: part.head.id) else { continue }
            guard let edits = try? part.head.edits(movieTimescale: movieTimescale, limits: limits), edits.isSimple,
                edits.mediaEnd == nil
            else { return }
            starts.append((part.head.id, part.head.timescale, first - edits.mediaStart))
        }
        let early = starts.map { MovieTime.convert($0.elapsed, from: $0.timescale, to: MovieTime.microseconds) }.min()
        guard let early, early > 0 else { return }
        for start in starts {
            let units = MovieTime.convert(early, from: MovieTime.microseconds, to: start.timescale)
            collection.bringForward(track: start.track, by: min(units, start.elapsed))
        }
    }
}
