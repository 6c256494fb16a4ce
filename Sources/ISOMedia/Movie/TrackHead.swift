import NIOCore

/// What a `trak` box says, but for the samples.
struct TrackHead: Sendable {
    let id: UInt32
    let handler: FourCC
    let descriptions: [SampleDescription]
    /// The boxes in `stbl`.
    let table: [Box]
    private let header: Box
    private let time: TimeHeader
    private let language: String?
    private let handlerName: String?
    private let editBox: Box?
    private let references: [FourCC: [UInt32]]
    private let userData: UserData
    private let isSelfContained: Bool

    /// Throws `.malformed` where it lacks what every track has.
    init(_ track: Box, brands: [FourCC], limits: MovieLimits) throws(MovieError) {
        let boxes = try track.children()
        header = try Self.require("tkhd", in: track, boxes)
        id = try header.integer(at: header.version == 1 ? 20 : 12)
        let media = try Self.require("mdia", in: track, boxes)
        let mediaBoxes = try media.children()
        let timeBox = try Self.require("mdhd", in: media, mediaBoxes)
        time = try TimeHeader(timeBox)
        language = Language.name(try timeBox.integer(at: time.end))
        let handlerBox = try Self.require("hdlr", in: media, mediaBoxes)
        handler = FourCC(try handlerBox.integer(at: 8))
        handlerName = handlerBox.nameOrPascalName(at: 24)
        let information = try Self.require("minf", in: media, mediaBoxes).children()
        table = try Self.require("stbl", in: media, information).children()
        descriptions = try SampleDescription.read(table.first("stsd"), brands: brands)
        isSelfContained = try Self.isSelfContained(information.first("dinf"), descriptions)
        editBox = try boxes.first("edts")?.children().first("elst")
        references = try Self.references(boxes.first("tref"))
        userData = UserData(boxes.first("udta"))
    }

    private static func require(_ type: FourCC, in parent: Box, _ boxes: [Box]) throws(MovieError) -> Box {
        guard let box = boxes.first(type) else { throw parent.malformed("it has no \(type) box") }
        return box
    }

    /// The track, once its samples are known.
    func track(
        _ samples: SampleTable, movieTimescale: UInt32, limits: MovieLimits
    ) throws(MovieError) -> MovieTrack {
        let isLong = header.version == 1
        return MovieTrack(
            id: id, handler: handler, name: userData.name ?? handlerName, isEnabled: header.flags & 1 != 0,
            created: MovieTime.date(try header.time(at: 4, isLong: isLong)) ?? time.created,
            modified: MovieTime.date(try header.time(at: isLong ? 12 : 8, isLong: isLong)) ?? time.modified,
            language: language, width: fixed(at: isLong ? 88 : 76), height: fixed(at: isLong ? 92 : 80),
            turn: PictureTurn(header.body, at: isLong ? 52 : 40),
            timescale: time.timescale,
            duration: samples.fragments == nil ? time.duration ?? samples.end : samples.end,
            edits: try edits(movieTimescale: movieTimescale, limits: limits),
            references: references, descriptions: descriptions, samples: samples,
            sessionDescription: userData.trackSessionDescription, hintInformation: userData.hintInformation,
            isSelfContained: isSelfContained
        )
    }

    /// Units a second of the track's clock.
    var timescale: UInt32 { time.timescale }

    /// Throws what `EditList` throws.
    func edits(movieTimescale: UInt32, limits: MovieLimits) throws(MovieError) -> EditList {
        try EditList(editBox, movieTimescale: movieTimescale, timescale: time.timescale, limits: limits)
    }

    /// 16 bits and 16 of fraction; 0 where the box ends before.
    private func fixed(at place: Int) -> Double {
        Double(header.body.getInteger(at: place, as: UInt32.self) ?? 0) / 65_536
    }

    /// `tref` (§8.3.3): boxes of track numbers, by kind.
    private static func references(_ box: Box?) throws(MovieError) -> [FourCC: [UInt32]] {
        guard let box else { return [:] }
        var references: [FourCC: [UInt32]] = [:]
        for child in try box.children() {
            // Hint samples can name no more (a signed byte).
            let numbers = stride(from: 0, to: min(child.body.readableBytes - 3, 4 * 128), by: 4)
            references[child.type] = numbers.compactMap { child.body.getInteger(at: $0) }
        }
        return references
    }

    /// Whether each file that the descriptions name is this one (`dref`, §8.7.2).
    private static func isSelfContained(
        _ box: Box?, _ descriptions: [SampleDescription]
    ) throws(MovieError) -> Bool {
        guard let dref = try box?.children().first("dref") else { return true }
        let entries = try dref.children(after: 8)
        return descriptions.allSatisfy { description in
            let index = Int(description.dataReferenceIndex) - 1
            guard entries.indices.contains(index) else { return true }
            return entries[index].flags & 1 != 0
        }
    }
}
