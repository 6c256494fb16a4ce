/// The text of one value after `${…}` is filled in, which remembers what stood in the file.
struct ConfigurationText {
    /// A run of characters, and whether they stand in the file or came out of a variable.
    enum Piece: Equatable {
        case written(String)
        /// Out of the environment or a file: never expanded again, never printed.
        case filled(String)
    }

    /// As it stands in the file.
    var written: String
    var pieces: [Piece]

    /// What the value is.
    var text: String {
        pieces.map { piece in
            switch piece {
            case .written(let text), .filled(let text): text
            }
        }
        .joined()
    }

    /// Whether any of it came out of a variable.
    var isFilled: Bool {
        pieces.contains { if case .filled = $0 { true } else { false } }
    }
}

/// What `${…}` is filled from.
struct VariableSource {
    var environment: [String: String]
    /// The folder of the configuration file; empty for the working directory.
    var directory: String
    /// The text of a file; throws where there is none.
    var readFile: (String) throws -> String

    /// Why a variable has no value.
    struct Unresolved: Error {
        var found: String
        var expected: String
        var hint: String?
    }

    /// Fills in `${NAME}` and `${file:PATH}`; `$$` is a dollar sign, and so is any other `$`.
    func fill(_ written: String) throws(Unresolved) -> ConfigurationText {
        var pieces: [ConfigurationText.Piece] = []
        var run = ""
        var rest = written[...]
        while let character = rest.popFirst() {
            guard character == "$" else {
                run.append(character)
                continue
            }
            if rest.first == "$" {
                rest.removeFirst()
                run.append("$")
            } else if rest.first == "{" {
                rest.removeFirst()
                guard let end = rest.firstIndex(of: "}") else {
                    throw Unresolved(
                        found: "${ without }", expected: "${NAME} or ${file:PATH}", hint: "write $$ for a $")
                }
                let value = try value(of: String(rest[..<end]))
                rest = rest[rest.index(after: end)...]
                if !run.isEmpty { pieces.append(.written(run)) }
                run = ""
                pieces.append(.filled(value))
            } else {
                run.append("$")
            }
        }
        if !run.isEmpty || pieces.isEmpty { pieces.append(.written(run)) }
        return ConfigurationText(written: written, pieces: pieces)
    }

    private func value(of variable: String) throws(Unresolved) -> String {
        if variable.hasPrefix("file:") { return try content(of: String(variable.dropFirst(5)), variable) }
        guard let first = variable.first, first == "_" || first.isASCIILetter,
            variable.allSatisfy({ $0 == "_" || $0.isASCIILetter || $0.isASCIIDigit })
        else {
            throw Unresolved(
                found: "${\(variable)}",
                expected: "${NAME} or ${file:PATH}",
                hint: "a name is letters, digits and _; write $$ for a $"
            )
        }
        guard let value = environment[variable] else {
            throw Unresolved(
                found: "${\(variable)}, which is not set",
                expected: "a variable of the environment",
                hint: "set \(variable) for the relay, in its systemd unit or container"
            )
        }
        return value
    }

    /// Counted from the folder of the configuration file.
    func path(of path: String) -> String {
        path.hasPrefix("/") || directory.isEmpty ? path : "\(directory)/\(path)"
    }

    /// A bare name is looked for among the systemd credentials first, then beside the configuration file.
    private func content(of path: String, _ variable: String) throws(Unresolved) -> String {
        guard !path.isEmpty else {
            throw Unresolved(found: "${\(variable)}", expected: "${file:PATH}", hint: nil)
        }
        var candidates = [self.path(of: path)]
        if !path.contains("/"), let credentials = environment["CREDENTIALS_DIRECTORY"] {
            candidates.insert("\(credentials)/\(path)", at: 0)
        }
        for candidate in candidates {
            guard var content = try? readFile(candidate) else { continue }
            if content.last?.isNewline == true { content.removeLast() }
            return content
        }
        throw Unresolved(
            found: "${\(variable)}",
            expected: "a readable text file at \(candidates.joined(separator: " or "))",
            hint: nil
        )
    }
}

extension Character {
    var isASCIILetter: Bool { isASCII && isLetter }
    var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}
