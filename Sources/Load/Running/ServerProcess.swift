#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The server's process on this machine, as `/proc` has it (proc(5)).
struct ServerProcess: Sendable {
    /// What it has taken up to one moment.
    struct Reading: Sendable {
        /// On a processor, of all threads.
        var processorNanoseconds: UInt64 = 0
        /// Ready to run while others did.
        var waitNanoseconds: UInt64 = 0
        var userTicks: UInt64 = 0
        var systemTicks: UInt64 = 0
        var residentKiB = 0
    }

    let identifier: Int32

    /// Clock ticks a second.
    static var ticksPerSecond: Double { Double(max(1, sysconf(Int32(_SC_CLK_TCK)))) }

    func reading() throws(ServerProcessError) -> Reading {
        var reading = Reading()
        guard let stat = Self.text(of: "\(directory)/stat"), reading.take(stat: stat),
            let memory = Self.text(of: "\(directory)/statm"),
            reading.take(statm: memory, pageSize: sysconf(Int32(_SC_PAGESIZE)))
        else { throw ServerProcessError(identifier: identifier) }
        for thread in try threads() {
            // One that has ended since takes its times with it.
            if let schedule = Self.text(of: "\(directory)/task/\(thread)/schedstat") {
                reading.take(schedstat: schedule)
            }
        }
        return reading
    }

    private var directory: String { "/proc/\(identifier)" }

    private func threads() throws(ServerProcessError) -> [String] {
        guard let listing = opendir("\(directory)/task") else { throw ServerProcessError(identifier: identifier) }
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = readdir(listing) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if UInt32(name) != nil { names.append(name) }
        }
        return names
    }

    private static func text(of path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(descriptor, &bytes, bytes.count)
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }
}

extension ServerProcess.Reading {
    /// Fields 14 and 15, counted behind the name in brackets, which may hold anything; `false` without them.
    mutating func take(stat: String) -> Bool {
        guard let bracket = stat.lastIndex(of: ")") else { return false }
        let fields = stat[bracket...].split(separator: " ").dropFirst().map(String.init)
        guard fields.count > 12, let user = UInt64(fields[11]), let system = UInt64(fields[12]) else { return false }
        userTicks = user
        systemTicks = system
        return true
    }

    /// The second field, in pages; `false` without it.
    mutating func take(statm: String, pageSize: Int) -> Bool {
        let fields = statm.split(separator: " ")
        guard fields.count > 1, let pages = Int(fields[1]) else { return false }
        residentKiB = pages * (pageSize / 1024)
        return true
    }

    /// One thread's: time on a processor, and time spent waiting for one.
    mutating func take(schedstat: String) {
        let fields = schedstat.split { $0 == " " || $0 == "\n" }.compactMap { UInt64($0) }
        guard fields.count >= 2 else { return }
        processorNanoseconds += fields[0]
        waitNanoseconds += fields[1]
    }
}

/// The server's figures cannot be read.
package struct ServerProcessError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The process asked for.
    package let identifier: Int32

    /// The cause and what to look at.
    package var description: String {
        "process \(identifier) cannot be read in /proc; check that the server runs on this machine under that number"
    }
}
