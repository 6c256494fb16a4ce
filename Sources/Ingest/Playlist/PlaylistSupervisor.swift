import Logging
import NIOConcurrencyHelpers
import NIOCore
import Reflector

/// Plays a list into one stream for as long as it is wanted; a list on demand goes on where it stopped.
package struct PlaylistSupervisor: Sendable {
    private let stream: Stream
    private let configuration: PlaylistConfiguration
    private let wallClock: @Sendable () -> Double
    private let logger: Logger
    private let position = NIOLockedValueBox<PlaylistPosition?>(nil)

    /// `wallClock` tells seconds since 1970.
    package init(
        stream: Stream, configuration: PlaylistConfiguration, wallClock: @escaping @Sendable () -> Double,
        logger: Logger
    ) {
        self.stream = stream
        self.configuration = configuration
        self.wallClock = wallClock
        var logger = logger
        logger[metadataKey: "stream"] = "\(stream.path)"
        self.logger = logger
    }

    /// Returns when the stream is closed, or the task is cancelled.
    package func run() async {
        await stream.whileWanted { await play() }
    }

    private func play() async {
        while !Task.isCancelled {
            let input = ReadAhead()
            let loop = stream.homeLoop
            let opened = loop.submit { [stream, wallClock, logger] in
                let source = PlaylistSource(stream: stream, playing: input, wallClock: wallClock, logger: logger)
                return NIOLoopBound(source, eventLoop: loop)
            }
            guard let source = try? await opened.get() else { return }
            let isRead = OwnThread.run { [configuration, position, logger] in
                let known = position.withLockedValue(\.self)
                var projector = MovieProjector(configuration, from: known, into: input, logger: logger)
                projector.run()
            }
            let end = await run(source, isRead: isRead, on: loop)
            if end == .stopped, Task.isCancelled { logger.info("camera released") }
            guard !isRead else { return }
            let reason = "no thread to read movies; check the limits of the system"
            loop.execute { [stream] in stream.isDown(because: reason) }
            logger.error("camera down", metadata: ["reason": "\(reason)"])
            try? await Task.sleep(for: .seconds(5))
        }
    }

    /// Returns when the source has ended, or was stopped because the task is cancelled.
    private func run(
        _ source: NIOLoopBound<PlaylistSource>, isRead: Bool, on loop: any EventLoop
    ) async -> PlaylistSource.End? {
        await withTaskCancellationHandler {
            let ended = loop.flatSubmit {
                if isRead { source.value.begin() } else { source.value.stop() }
                return source.value.ended
            }
            let end = try? await ended.get()
            let stopped = try? await loop.submit { source.value.position }.get()
            position.withLockedValue { $0 = stopped ?? nil }
            return end
        } onCancel: {
            loop.execute { source.value.stop() }
        }
    }
}
