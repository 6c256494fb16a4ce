import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Looks host names up, away from the event loops.
///
/// The system's lookup blocks, for half a minute where the name server is gone. NIO's own way has one thread for an event loop,
/// and there one such name keeps all other connections waiting, even those to addresses.
final class NameLookup: Sendable {
    /// All addresses of a host, with any port; blocks, and throws where there are none.
    typealias Blocking = @Sendable (_ host: String) throws -> [SocketAddress]
    typealias Answer = @Sendable (Result<[SocketAddress], any Error>) -> Void

    /// Names that are waited for at a time; further ones stand in line.
    private static let threads = 16
    private static let pool: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: threads)
        pool.start()
        return pool
    }()

    /// Asks the system.
    static let shared = NameLookup { host in try SocketAddress.all(of: host) }

    /// Of each name that is being looked up who waits for it; nobody where all have given up.
    private let waiting = NIOLockedValueBox<[String: [ObjectIdentifier: Answer]]>([:])
    private let addresses: Blocking

    init(_ addresses: @escaping Blocking) {
        self.addresses = addresses
    }

    /// Calls `answer` once, from any thread. One lookup of a name serves all who ask meanwhile, so that tries do not pile up behind
    /// a dead one. `asker` lives until then, and asks for nothing else.
    func look(up host: String, for asker: some AnyObject & Sendable, _ answer: @escaping Answer) {
        let name = host.lowercased()
        let isFirst = waiting.withLockedValue { waiting in
            let isFirst = waiting[name] == nil
            waiting[name, default: [:]][ObjectIdentifier(asker)] = { result in
                withExtendedLifetime(asker) { answer(result) }
            }
            return isFirst
        }
        if isFirst { Self.pool.submit { _ in self.find(name) } }
    }

    /// Who asked is answered at once, by a `CancellationError`; harmless where the answer came.
    func abandon(_ host: String, for asker: some AnyObject) {
        let name = host.lowercased()
        waiting.withLockedValue { $0[name]?.removeValue(forKey: ObjectIdentifier(asker)) }?(
            .failure(CancellationError()))
    }

    private func find(_ name: String) {
        // It may have stood in line for longer than anybody wanted it.
        let isWanted = waiting.withLockedValue { waiting in
            if waiting[name]?.isEmpty == true { waiting[name] = nil }
            return waiting[name] != nil
        }
        guard isWanted else { return }
        let result = Result { try addresses(name) }
        for answer in waiting.withLockedValue({ $0.removeValue(forKey: name) ?? [:] }).values { answer(result) }
    }
}

extension NameLookup {
    private final class Asker: Sendable {}

    /// All addresses of a host, with any port; throws where there are none, and when the task is cancelled.
    func addresses(of host: String) async throws -> [SocketAddress] {
        let asker = Asker()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                look(up: host, for: asker) { continuation.resume(with: $0) }
                if Task.isCancelled { abandon(host, for: asker) }
            }
        } onCancel: {
            abandon(host, for: asker)
        }
    }

    /// For one connection, which NIO tries address by address (RFC 8305).
    func resolver(on eventLoop: any EventLoop) -> some Resolver & Sendable {
        NameResolver(self, on: eventLoop)
    }
}

/// What NIO asks for the addresses of one connection.
private final class NameResolver: Resolver, Sendable {
    private let names: NameLookup
    private let host = NIOLockedValueBox<String?>(nil)
    private let v4: EventLoopPromise<[SocketAddress]>
    private let v6: EventLoopPromise<[SocketAddress]>

    init(_ names: NameLookup, on eventLoop: any EventLoop) {
        self.names = names
        v4 = eventLoop.makePromise()
        v6 = eventLoop.makePromise()
    }

    /// The first to be called; the system tells both kinds at once.
    func initiateAAAAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        self.host.withLockedValue { $0 = host }
        names.look(up: host, for: self) { [v4, v6] result in
            let addresses = result.map { $0.map { $0.with(port: UInt16(truncatingIfNeeded: port)) } }
            // Together, for NIO counts on both.
            v6.futureResult.eventLoop.execute {
                v6.completeWith(addresses.map { $0.filter { $0.protocol == .inet6 } })
                v4.completeWith(addresses.map { $0.filter { $0.protocol == .inet } })
            }
        }
        return v6.futureResult
    }

    func initiateAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> { v4.futureResult }

    /// The connection is given up.
    func cancelQueries() {
        host.withLockedValue { $0 }.map { names.abandon($0, for: self) }
    }
}

/// A name that has no addresses, or none that can be had now.
package struct UnknownName: Error {
    /// Of `getaddrinfo`.
    package var code: Int32

    package init(code: Int32) {
        self.code = code
    }
}

extension SocketAddress {
    /// All of a host, the best one first (RFC 6724), without a port. Blocks; throws `UnknownName`.
    fileprivate static func all(of host: String) throws -> [SocketAddress] {
        var hint = addrinfo()
        hint.ai_protocol = NIOBSDSocket.OptionLevel.tcp.rawValue
        var first: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hint, &first)
        guard code == 0, let first else { throw UnknownName(code: code) }
        defer { freeaddrinfo(first) }
        return sequence(first: first) { $0.pointee.ai_next }.compactMap { entry -> SocketAddress? in
            guard let address = UnsafeRawPointer(entry.pointee.ai_addr) else { return nil }
            switch entry.pointee.ai_family {
            case AF_INET: return SocketAddress(address.loadUnaligned(as: sockaddr_in.self), host: host)
            case AF_INET6: return SocketAddress(address.loadUnaligned(as: sockaddr_in6.self), host: host)
            default: return nil
            }
        }
    }

    /// The addresses of a host, the best one first, which are looked up off the event loops where it is a name. Throws where there
    /// are none.
    package static func lookUp(_ host: String, port: UInt16) async throws -> [SocketAddress] {
        if let address = SocketAddress(literal: host, port: port) { return [address] }
        let addresses = try await NameLookup.shared.addresses(of: host)
        guard !addresses.isEmpty else { throw UnknownName(code: 0) }
        return addresses.map { $0.with(port: port) }
    }

    /// `nil` for a name; IPv6 with or without brackets.
    init?(literal host: String, port: UInt16) {
        let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        guard let address = try? SocketAddress(ipAddress: bare, port: Int(port)) else { return nil }
        self = address
    }
}
