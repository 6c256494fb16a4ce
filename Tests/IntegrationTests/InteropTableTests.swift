import Foundation
import Testing

/// docs/interop.md against the tests it speaks of.
@Suite("The table of quirks")
struct InteropTableTests {
    @Test("Every test that names a row stands in that row")
    func nothingMissing() throws {
        let table = try InteropTable(contentsOf: Repository.root.appending(path: "docs/interop.md"))
        let tests = try Repository.namedTests()
        #expect(tests.count > 200)
        for test in tests {
            for id in test.rows {
                let isThere = table.rows.contains { $0.id == id && $0.citations.contains(test.citation) }
                #expect(isThere, "docs/interop.md, row \(id): add \(test.citation)")
            }
        }
    }

    @Test("Every row has the tests it names, and one at least where it is called tested")
    func nothingInvented() throws {
        let table = try InteropTable(contentsOf: Repository.root.appending(path: "docs/interop.md"))
        let known = Set(try Repository.namedTests().map(\.citation))
        #expect(table.rows.count > 200)
        for row in table.rows {
            for citation in row.citations {
                let exists = known.contains(citation)
                #expect(exists, "docs/interop.md, row \(row.id): there is no test \(citation)")
            }
            let claimsTests = row.state.hasPrefix("tested") || row.state.hasPrefix("partly")
            #expect(claimsTests != row.citations.isEmpty, "docs/interop.md, row \(row.id): \(row.state)")
        }
    }
}

/// The rows of all tables of the page.
private struct InteropTable {
    struct Row {
        var id: String
        /// `` `FileOfTests`: the claim``, as the page writes them.
        var citations: [String]
        /// The last column; tables without it speak of tested rows only.
        var state: String
    }

    let rows: [Row]

    init(contentsOf page: URL) throws {
        rows = try String(contentsOf: page, encoding: .utf8).split(separator: "\n").compactMap { line in
            let cells = line.split(separator: "|", omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces) }
            // A line begins and ends with the bar.
            guard cells.count >= 5, cells[1].isRowID else { return nil }
            let hasState = cells.count >= 7
            let citations = cells[cells.count - (hasState ? 3 : 2)]
            return Row(
                id: cells[1],
                citations: citations.isEmpty ? [] : citations.components(separatedBy: "<br>"),
                state: hasState ? cells[cells.count - 2] : "tested"
            )
        }
    }
}

/// A test whose display name begins with the ids of rows.
private struct NamedTest {
    var rows: [String]
    var citation: String

    /// `nil` for a test of no row.
    init?(file: String, name: String) {
        let words = name.split(separator: " ").map(String.init)
        rows = Array(words.prefix(while: \.isRowID))
        guard !rows.isEmpty else { return nil }
        let claim = words.dropFirst(rows.count).joined(separator: " ").replacing("|", with: "&#124;")
        citation = "`\(file)`: \(claim)"
    }
}

private enum Repository {
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Every test in Tests that names a row.
    static func namedTests() throws -> [NamedTest] {
        let folder = root.appending(path: "Tests")
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path())
        return try paths.filter { $0.hasSuffix(".swift") }.sorted().flatMap { path in
            let file = folder.appending(path: path)
            let source = try String(contentsOf: file, encoding: .utf8)
            return displayNames(in: source).compactMap {
                NamedTest(file: file.deletingPathExtension().lastPathComponent, name: $0)
            }
        }
    }

    /// The string literals that `@Test(` begins with.
    private static func displayNames(in source: String) -> [String] {
        source.components(separatedBy: "@Test(").dropFirst().compactMap { rest in
            let text = rest.drop(while: \.isWhitespace)
            guard text.first == "\"" else { return nil }
            var name = ""
            var isEscaped = false
            for character in text.dropFirst() {
                if character == "\"", !isEscaped { return name }
                isEscaped = character == "\\" && !isEscaped
                if !isEscaped { name.append(character) }
            }
            return nil
        }
    }
}

extension String {
    /// `B4`, `G7`, `S12`: a row of camera quirks, or a clause of the standards.
    fileprivate var isRowID: Bool {
        guard let letter = utf8.first, (2...3).contains(utf8.count) else { return false }
        return (UInt8(ascii: "A")...UInt8(ascii: "M")).contains(letter) && dropFirst().allSatisfy(\.isWholeNumber)
            || letter == UInt8(ascii: "S") && dropFirst().allSatisfy(\.isWholeNumber)
    }
}
