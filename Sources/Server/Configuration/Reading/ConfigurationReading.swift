import Media
import Yams

/// One reading of one file: what variables are filled from, and everything found wrong so far.
final class ConfigurationReading {
    let file: String
    let variables: VariableSource
    private let renamedKeys: [Place: String]
    private(set) var errors: [ConfigurationError] = []
    /// What is to be played from files, in the order it was read.
    var movies: [MovieReference] = []
    /// The folder of movies that viewers choose from.
    var mediaFolder: FolderReference?

    init(file: String, variables: VariableSource, renamedKeys: [Place: String]) {
        self.file = file
        self.variables = variables
        self.renamedKeys = renamedKeys
    }

    /// Notes what is wrong and lets the reading go on.
    func report(_ place: Place, _ keyPath: String, found: String, expected: String, hint: String? = nil) {
        let error = ConfigurationError(
            file: file,
            line: place.line,
            column: place.column,
            keyPath: keyPath.printable,
            found: found,
            expected: expected,
            hint: hint
        )
        if !errors.contains(error) { errors.append(error) }
    }

    /// The key as the file has it.
    func name(of key: Node.Scalar) -> String {
        renamedKeys[Place(key.mark)] ?? key.string
    }

    /// Anchors are refused wherever a value is read, so that `title: &co` is not silently nothing.
    func refusesAnchor(_ node: Node, _ keyPath: String) -> Bool {
        guard node.anchor != nil else { return false }
        report(
            Place(node.mark),
            keyPath,
            found: "a value that begins with &",
            expected: "a value",
            hint: "put it in quotes; YAML anchors are not used here, templates: and defaults: are"
        )
        return true
    }
}

/// What a text had to be and was not.
struct Expectation: Error {
    var expected: String
    var hint: String?

    init(_ expected: String, hint: String? = nil) {
        self.expected = expected
        self.hint = hint
    }
}

extension Node {
    /// The kind of a node in words, without its content.
    var kind: String {
        switch self {
        case .scalar(let scalar): scalar.isNothing ? "nothing" : "text"
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }
}

extension Node.Scalar {
    /// A key with nothing behind it.
    var isNothing: Bool { style == .plain && string.isEmpty }
}

extension String {
    /// In quotes, on one line, not too long, and without what may be a password: in front of an `@`, or in a query.
    var quotedForError: String {
        let redacted = RedactedURL(withoutUserinfo).description.printable
        return "\"" + (redacted.count > 80 ? redacted.prefix(77) + "…" : redacted) + "\""
    }

    private var withoutUserinfo: String {
        guard let at = lastIndex(of: "@") else { return self }
        let scheme = firstRange(of: "://").map { $0.upperBound <= at ? self[..<$0.upperBound] : "" } ?? ""
        return scheme + "***" + self[at...]
    }

    /// Control characters as `\u{…}`, so that no value can move the cursor or begin a line.
    var printable: String {
        guard unicodeScalars.contains(where: \.isUnprintable) else { return self }
        return unicodeScalars.map { $0.isUnprintable ? "\\u{\(String($0.value, radix: 16))}" : String($0) }.joined()
    }
}

extension Unicode.Scalar {
    /// C0, DEL, C1, the line and paragraph separators and the marks that turn the writing direction.
    var isUnprintable: Bool {
        switch value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
