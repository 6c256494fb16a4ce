import Yams

/// A place in the file, both counted from 1, the column in Unicode scalars.
struct Place: Hashable, Comparable {
    var line: Int
    var column: Int

    init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    init(_ mark: Mark?) {
        self.init(line: mark?.line ?? 1, column: mark?.column ?? 1)
    }

    static func < (lhs: Place, rhs: Place) -> Bool {
        (lhs.line, lhs.column) < (rhs.line, rhs.column)
    }
}

/// The tree of nodes of one file, with the two things mended that Yams leaves to its user:
/// aliases are refused before they can multiply, and a key given twice keeps both its places.
struct ConfigurationDocument {
    /// Holds the anchors: nodes know theirs only weakly.
    private let parser: Parser
    /// `nil` for a file without content.
    let root: Node?
    /// Keys that stand under another text in the tree because the same key follows.
    let renamedKeys: [Place: String]

    /// Why a file has no tree.
    struct SyntaxError: Error {
        var place: Place
        var found: String
        var expected: String
        var hint: String?
    }

    init(parsing text: String) throws(SyntaxError) {
        var text = text
        // A byte order mark would count as a column of indentation.
        if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
        try Self.refuseAliases(in: text)
        var renamed: [Place: String] = [:]
        while true {
            do {
                let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
                root = try parser.singleRoot()
                self.parser = parser
                renamedKeys = renamed
                return
            } catch YamlError.duplicatedKeysInMapping(let names, let context) {
                let place = Place(context.mark)
                guard renamed.count < 50, let name = names.min(),
                    let changed = text.renamingKey(name, at: place, number: renamed.count)
                else { throw .twice(place, names) }
                renamed[place] = name
                text = changed
            } catch {
                throw SyntaxError(error, in: text)
            }
        }
    }

    /// Parses once with `@`, which can begin no value, in the place of every `*`.
    ///
    /// Nothing changes where the star is inside a value or a comment; where it begins an alias, the parser stops there.
    /// So no alias is ever resolved, and none can blow the tree up.
    private static func refuseAliases(in text: String) throws(SyntaxError) {
        guard text.contains("*") else { return }
        let stars = text.places(of: "*")
        do {
            _ = try Parser(yaml: text.replacing("*", with: "@"), resolver: .basic, encoding: .utf8).singleRoot()
        } catch YamlError.scanner(_, _, let mark, _) where stars.contains(Place(mark)) {
            throw SyntaxError(
                place: Place(mark),
                found: "a value that begins with *",
                expected: "a value",
                hint: "put it in quotes; YAML aliases are not used here, templates: and defaults: are"
            )
        } catch {
            // Whatever else is wrong is found again, with the right text, by the parse that counts.
        }
    }
}

extension ConfigurationDocument.SyntaxError {
    fileprivate static func twice(_ place: Place, _ names: [String]) -> Self {
        Self(place: place, found: "a key twice in one mapping", expected: "each key once")
    }

    fileprivate init(_ error: any Error, in text: String) {
        switch error {
        case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
            YamlError.composer(_, let problem, let mark, _):
            self.init(problem: problem, place: Place(mark), in: text)
        case YamlError.reader(let problem, let offset, _, _):
            self.init(problem: problem, place: text.place(ofCharacter: offset ?? 0), in: text)
        default:
            self.init(place: Place(line: 1, column: 1), found: "text that is not YAML", expected: "YAML", hint: nil)
        }
    }

    private init(problem: String, place: Place, in text: String) {
        self.place = place
        found = "broken YAML (\(problem))"
        expected = "well-formed YAML"
        switch text.scalar(at: place) {
        case "\t":
            found = "a tab"
            expected = "spaces"
            hint = "YAML indents with spaces only"
        case "@", "`", "&", "%", "*":
            hint = "put a value that begins with a sign in quotes"
        case "{", "}", "[", "]":
            hint = "put a value with braces or brackets in quotes"
        default:
            hint = nil
        }
    }
}

extension String {
    /// The lines as libYAML counts them: LF, CR, CRLF, NEL, LS and PS end one.
    private func forEachScalar(_ body: (Index, Unicode.Scalar, Place) -> Bool) {
        var place = Place(line: 1, column: 1)
        var previous: Unicode.Scalar?
        for index in unicodeScalars.indices {
            let scalar = unicodeScalars[index]
            if previous == "\r", scalar == "\n" {
                previous = scalar
                continue
            }
            guard body(index, scalar, place) else { return }
            switch scalar {
            case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": place = Place(line: place.line + 1, column: 1)
            default: place.column += 1
            }
            previous = scalar
        }
    }

    fileprivate func places(of wanted: Unicode.Scalar) -> Set<Place> {
        var places: Set<Place> = []
        forEachScalar { _, scalar, place in
            if scalar == wanted { places.insert(place) }
            return true
        }
        return places
    }

    fileprivate func index(at wanted: Place) -> Index? {
        var found: Index?
        forEachScalar { index, _, place in
            if place == wanted { found = index }
            return place < wanted
        }
        return found
    }

    fileprivate func scalar(at place: Place) -> Unicode.Scalar? {
        index(at: place).map { unicodeScalars[$0] }
    }

    fileprivate func place(ofCharacter offset: Int) -> Place {
        guard let wanted = index(startIndex, offsetBy: offset, limitedBy: endIndex) else {
            return Place(line: 1, column: 1)
        }
        var found = Place(line: 1, column: 1)
        forEachScalar { index, _, place in
            found = place
            return index < wanted
        }
        return found
    }

    /// Puts a character for private use in the place of the first of a key, so that the text keeps its places.
    fileprivate func renamingKey(_ name: String, at place: Place, number: Int) -> String? {
        guard var index = index(at: place), let first = name.unicodeScalars.first,
            let stand = Unicode.Scalar(0xE000 + UInt32(number))
        else { return nil }
        if unicodeScalars[index] == "\"" || unicodeScalars[index] == "'" {
            index = unicodeScalars.index(after: index)
            guard index < unicodeScalars.endIndex else { return nil }
        }
        guard unicodeScalars[index] == first else { return nil }
        var changed = self
        changed.unicodeScalars.replaceSubrange(index...index, with: CollectionOfOne(stand))
        return changed
    }
}
