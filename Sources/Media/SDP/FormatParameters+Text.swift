extension FormatParameters {
    /// The parameters of an `a=fmtp` value behind its payload type, at most 64; empty ones, such as behind a last `;`,
    /// are left out.
    package init(parsing text: some StringProtocol) {
        self.init(
            text.split(separator: ";").prefix(64).compactMap { part in
                // Only the first `=`: Base64 ends in others.
                let sides = Substring(part).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                let name = sides[0].trimmed()
                guard !name.isEmpty else { return nil }
                return Parameter(name: String(name), value: sides.count > 1 ? String(sides[1].trimmed()) : nil)
            }
        )
    }

    /// `key=value;key=value`, as it stands in an `a=fmtp`.
    package var text: String {
        parameters.map { parameter in parameter.value.map { "\(parameter.name)=\($0)" } ?? parameter.name }
            .joined(separator: ";")
    }
}
