#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What a playlist asks of the file system, so that tests can give their own.
package struct PlaylistFiles: Sendable {
    package enum Kind: Sendable {
        case file, folder
    }

    /// Why something cannot be read, in the system's words.
    package struct Unreadable: Error, Sendable, Hashable {
        package var reason: String

        package init(reason: String) {
            self.reason = reason
        }
    }

    /// What stands at a path; throws where there is nothing, or a device.
    package var kind: @Sendable (_ path: String) throws(Unreadable) -> Kind
    /// At most so many bytes of a file, and one more where it is longer.
    package var read: @Sendable (_ path: String, _ most: Int) throws(Unreadable) -> [UInt8]
    /// The names in a folder, in any order; at most so many.
    package var names: @Sendable (_ folder: String, _ most: Int) throws(Unreadable) -> [String]
    /// The one path of a file, however it is written.
    package var canonical: @Sendable (_ path: String) -> String

    package init(
        kind: @escaping @Sendable (_ path: String) throws(Unreadable) -> Kind,
        read: @escaping @Sendable (_ path: String, _ most: Int) throws(Unreadable) -> [UInt8],
        names: @escaping @Sendable (_ folder: String, _ most: Int) throws(Unreadable) -> [String],
        canonical: @escaping @Sendable (_ path: String) -> String
    ) {
        self.kind = kind
        self.read = read
        self.names = names
        self.canonical = canonical
    }
}

extension PlaylistFiles {
    /// This machine's.
    package static let system = PlaylistFiles(
        kind: { path throws(Unreadable) in try systemKind(path) },
        read: { path, most throws(Unreadable) in try systemRead(path, most) },
        names: { folder, most throws(Unreadable) in try systemNames(folder, most) },
        canonical: { path in
            guard let real = realpath(path, nil) else { return path }
            defer { free(real) }
            return String(cString: real)
        }
    )

    private static var reason: String { String(cString: strerror(errno)).lowercased() }

    private static func systemKind(_ path: String) throws(Unreadable) -> Kind {
        var status = stat()
        guard stat(path, &status) == 0 else { throw Unreadable(reason: reason) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFDIR: return .folder
        default: throw Unreadable(reason: "neither a file nor a folder")
        }
    }

    private static func systemRead(_ path: String, _ most: Int) throws(Unreadable) -> [UInt8] {
        // A pipe without a writer would hold the thread for ever.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Unreadable(reason: reason) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while bytes.count <= most {
            #if canImport(Glibc)
                let count = Glibc.read(descriptor, &chunk, chunk.count)
            #else
                let count = Musl.read(descriptor, &chunk, chunk.count)
            #endif
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Unreadable(reason: reason) }
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        return bytes
    }

    private static func systemNames(_ folder: String, _ most: Int) throws(Unreadable) -> [String] {
        guard let directory = opendir(folder) else { throw Unreadable(reason: reason) }
        defer { closedir(directory) }
        var names: [String] = []
        while names.count < most, let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
                field.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: field.pointee)) {
                    String(cString: $0)
                }
            }
            names.append(name)
        }
        return names
    }
}
