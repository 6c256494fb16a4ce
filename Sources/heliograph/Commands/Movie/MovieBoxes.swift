import ArgumentParser
import ISOMedia

struct MovieBoxes: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "boxes",
        abstract: "List the boxes (atoms) of a file, with the place and the length of each.",
        discussion: """
            Works on what is no whole movie too, and says where it breaks off (exit code 1). Each line: type, where the \
            box begins, its bytes, its head among them.
            """
    )

    @OptionGroup var source: MovieFile

    @Option(help: "Boxes listed, at most.")
    var count = 100_000

    @Flag(help: "One JSON list on standard output instead of text.")
    var json = false

    mutating func validate() throws {
        guard count > 0 else { throw ValidationError("--count is more than 0.") }
    }

    mutating func run() throws {
        let bytes = try source.open()
        var tree = BoxTree(bytes)
        var output = TextOutput()
        var listed = 0
        var isSound = true
        if json { try output.line("[") }
        while listed < count, let entry = try source.reading({ () throws(MovieError) in try tree.next() }) {
            isSound = isSound && entry.fault == nil
            try output.line(json ? Self.object(entry, isFirst: listed == 0) : Self.line(entry))
            listed += 1
        }
        if json { try output.line("]") }
        try output.flush()
        if listed == 0 {
            source.complain("it has no boxes")
            throw ExitCode.failure
        }
        if !isSound { throw ExitCode.failure }
    }

    private static func line(_ entry: BoxTree.Entry) -> String {
        let name = String(repeating: "  ", count: entry.depth) + "\(entry.header.type)"
        let numbers = "\(entry.header.offset)".right(12) + " " + "\(entry.header.size)".right(12)
        return name.left(28) + numbers + (entry.fault.map { "  " + $0 } ?? "")
    }

    /// By hand: there may be very many.
    private static func object(_ entry: BoxTree.Entry, isFirst: Bool) -> String {
        var fields = "\"type\":\("\(entry.header.type)".quoted),\"depth\":\(entry.depth)"
        fields += ",\"offset\":\(entry.header.offset),\"bytes\":\(entry.header.size)"
        fields += ",\"headerBytes\":\(entry.header.length)"
        if let fault = entry.fault { fields += ",\"fault\":\(fault.quoted)" }
        return (isFirst ? " {" : ",{") + fields + "}"
    }
}
