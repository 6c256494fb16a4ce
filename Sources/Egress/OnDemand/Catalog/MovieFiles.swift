import ISOMedia

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Finds movies below a folder, and nothing else.
enum MovieFiles {
    /// Opens the movie of that name: a plain file inside of `folder`, also where links lead to it. Blocks.
    ///
    /// Names come from viewers: nothing hidden is shown, nothing outside is opened, and no pipe or device is touched.
    static func open(_ name: String, below folder: String) throws(MediaRefusal) -> FileBytes {
        let segments = name.split(separator: "/", omittingEmptySubsequences: false)
        guard !segments.contains(".."), !segments.contains("."), !name.utf8.contains(0) else { throw .forbidden }
        guard segments.allSatisfy({ !$0.isEmpty && $0.utf8.first != UInt8(ascii: ".") }) else { throw .notFound }
        guard let root = canonical(folder) else { throw .notFound }
        guard let path = canonical(root + "/" + name) else {
            throw errno == EACCES || errno == EPERM ? .forbidden : .notFound
        }
        guard path.hasPrefix(root == "/" ? root : root + "/") else { throw .outside }
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else { throw .notFound }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .unsupported(.notAFile) }
        // Whoever changes the folder at this very moment gains nothing: a link is not followed, a pipe not waited for.
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
        guard descriptor >= 0 else {
            switch errno {
            case EACCES, EPERM: throw .forbidden
            case EMFILE, ENFILE, EIO: throw .unreadable(.unreadable(code: errno))
            default: throw .notFound
            }
        }
        do {
            return try FileBytes(descriptor: descriptor)
        } catch {
            throw MediaRefusal(error)
        }
    }

    /// The one path of a file, without links; `nil` where there is none, with the reason in `errno`.
    private static func canonical(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
