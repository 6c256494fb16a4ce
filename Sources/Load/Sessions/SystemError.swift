#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What the system said to a call.
struct SystemError: Error, CustomStringConvertible {
    let code: Int32

    static var last: SystemError { SystemError(code: errno) }

    /// In the words of the system.
    var description: String { String(cString: strerror(code)) }

    /// What to do where this process, not the server, is at fault.
    var remedy: String? {
        code == EMFILE || code == ENFILE ? "raise the limit of open files (ulimit -n) or ask for fewer viewers" : nil
    }
}
