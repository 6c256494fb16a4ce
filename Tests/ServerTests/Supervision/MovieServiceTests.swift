import Foundation
import ISOMedia
import Logging
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import Egress
@testable import Server

@Suite("The movies of a relay")
struct MovieServiceTests {
    @Test(
        "A file that is being taken apart, and does not notice that nobody wants it, does not hold up the end",
        .timeLimit(.minutes(1)))
    func stopping() async throws {
        try await withTemporaryDirectory { folder in
            let (isParsed, isReleased) = (Locked(false), Locked(false))
            try Data("a movie".utf8).write(to: folder.appending(path: "a.mov"))
            let service = MovieService(MediaConfiguration(folder: folder.path), logger: Logger(label: "test")) {
                _ throws(MovieError) in
                isParsed.change { $0 = true }
                while !isReleased.value { usleep(1000) }
                throw .notAMovie
            }
            let loop = MultiThreadedEventLoopGroup.singleton.next()
            let opening = service.catalog.open("a.mov", for: MovieAsker(), on: loop)
            try await eventually("it is parsed") { isParsed.value }
            // Else it would never come back.
            await service.stop()
            await #expect(throws: BlockingThreads.Stopped.self) { try await opening.get() }
            isReleased.change { $0 = true }
        }
    }
}
