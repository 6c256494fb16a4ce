/// A password or a token: every way of printing it gives `***`; only `reveal()` gives the text.
package struct Secret: Sendable, Hashable {
    private let text: String

    package init(_ text: String) {
        self.text = text
    }

    /// The clear text, for the one place that computes with it; never for a log line, an error or an answer.
    package func reveal() -> String {
        text
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always `***`, whatever the length.
    package var description: String { "***" }
    /// Always `***`, whatever the length.
    package var debugDescription: String { "***" }
    /// No children, so that `dump` and reflection find nothing.
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
