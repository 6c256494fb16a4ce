/// A name and a password; neither appears in a description, a log line or a dump.
package struct Credentials: Sendable, Hashable {
    /// May hold anything but, for Basic, a colon (RFC 7617 §2).
    package var username: String
    /// Decoded: as the camera knows it, not as a URL writes it.
    package var password: String

    package init(username: String, password: String) {
        self.username = username
        self.password = password
    }
}

extension Credentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "(credentials)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
