import NIOCore
import Reflector

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The clocks of the machine.
enum SystemClocks {
    /// Nanoseconds since 1970.
    @Sendable static func nanosecondsSinceUnixEpoch() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Seconds since 1970.
    @Sendable static func secondsSinceUnixEpoch() -> Double {
        Double(nanosecondsSinceUnixEpoch()) / 1e9
    }
}

extension StreamClock {
    /// The machine's clocks and its random numbers.
    package static let system = StreamClock(
        now: { .now() },
        wallClock: SystemClocks.nanosecondsSinceUnixEpoch,
        random: { UInt32.random(in: .min ... .max) }
    )
}
