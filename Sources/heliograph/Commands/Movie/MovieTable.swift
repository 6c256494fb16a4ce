import ArgumentParser
import ISOMedia

struct MovieTable: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "table",
        abstract: "Print a table of a track as it stands in the file.",
        discussion: """
            stts durations, ctts offsets from decoding to showing, stsc samples of chunks, stsz or stz2 sizes, stco or \
            co64 places of chunks, stss samples that decoding can begin with, elst edits. Rows are counted from 1. What \
            fragments say stands in no table: see movie samples.
            """
    )

    @OptionGroup var source: MovieFile

    @Argument(help: "The number of the track (see movie tracks).")
    var track: UInt32

    @Argument(help: "Which table: stts, ctts, stsc, stsz, stz2, stco, co64, stss or elst.")
    var kind: TableKind

    @Flag(help: "One JSON object on standard output instead of text.")
    var json = false

    mutating func run() throws {
        let bytes = try source.open()
        let movie = try source.movie(in: bytes)
        _ = try source.track(track, of: movie)
        let (kind, id) = (kind.code, track)
        let found = try source.reading { () throws(MovieError) in try TrackTable(kind, ofTrack: id, in: bytes) }
        guard let table = found else {
            let present = try source.reading { () throws(MovieError) in try TrackTable.present(ofTrack: id, in: bytes) }
            let names = present.map { "\($0)" }.joined(separator: " ")
            source.complain("track \(id) has no \(kind) table; it has \(names.isEmpty ? "none" : names)")
            throw ExitCode.validationFailure
        }
        var output = TextOutput()
        if json { try Self.printJSON(table, to: &output) } else { try Self.printText(table, to: &output) }
        try output.flush()
    }

    private static func printText(_ table: TrackTable, to output: inout TextOutput) throws {
        if let constant = table.constant { try output.line("all samples: \(constant) bytes") }
        guard table.count > 0 else { return }
        try output.line("row".right(9) + table.columns.map { $0.right(15) }.joined())
        for row in 0..<table.count {
            try output.line("\(row + 1)".right(9) + table.row(row).map { "\($0)".right(15) }.joined())
        }
    }

    /// By hand: there may be very many rows.
    private static func printJSON(_ table: TrackTable, to output: inout TextOutput) throws {
        let columns = table.columns.map { "\"\($0)\"" }.joined(separator: ",")
        let constant = table.constant.map { "\"constant\":\($0)," } ?? ""
        try output.line("{\"table\":\"\(table.kind)\",\(constant)\"columns\":[\(columns)],\"rows\":[")
        for row in 0..<table.count {
            let fields = table.row(row).map(String.init).joined(separator: ",")
            try output.line((row == 0 ? " [" : ",[") + fields + "]")
        }
        try output.line("]}")
    }
}

/// Which table.
enum TableKind: String, ExpressibleByArgument, CaseIterable {
    case stts, ctts, stsc, stsz, stz2, stco, co64, stss, elst

    var code: FourCC {
        switch self {
        case .stts: "stts"
        case .ctts: "ctts"
        case .stsc: "stsc"
        case .stsz: "stsz"
        case .stz2: "stz2"
        case .stco: "stco"
        case .co64: "co64"
        case .stss: "stss"
        case .elst: "elst"
        }
    }
}
