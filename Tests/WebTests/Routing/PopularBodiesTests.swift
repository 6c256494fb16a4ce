import NIOCore
import NIOEmbedded
import Testing

@testable import Web

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

@Suite("What many fetch")
struct PopularBodiesTests {
    private static let bytes = ByteBuffer(bytes: (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })

    private func read(_ file: MemoryFile) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: file.count) { room, length in
            length = max(0, pread(file.descriptor, room.baseAddress, file.count, 0))
        }
    }

    @Test("A body is put into a file when it is asked for again and again, and forgotten a minute later")
    func life() throws {
        let loop = EmbeddedEventLoop()
        let popular = PopularBodies()
        func ask(_ bytes: ByteBuffer = Self.bytes, _ path: String = "/gate/1.ts") -> WebResponse.Body {
            popular.body(bytes, path: path, tag: "a", on: loop)
        }
        for _ in 1..<PopularBodies.popular {
            guard case .bytes(Self.bytes) = ask() else { throw Unexpected() }
        }
        weak var first: MemoryFile?
        for _ in 0..<3 {
            guard case .kept(Self.bytes, let file, from: 0) = ask() else { throw Unexpected() }
            #expect(read(file) == Array(Self.bytes.readableBytesView))
            first = file
        }
        // Another body of the same length is another file.
        let other = ByteBuffer(repeating: 7, count: 200_000)
        for _ in 1..<PopularBodies.popular { _ = ask(other, "/gate/2.ts") }
        guard case .kept(_, let second, _) = ask(other, "/gate/2.ts") else { throw Unexpected() }
        #expect(read(second).allSatisfy { $0 == 7 })
        #expect(first != nil && first !== second)

        loop.advanceTime(by: .seconds(61))
        guard case .bytes = ask() else { throw Unexpected() }
        #expect(first == nil)
        // Somebody still sends it.
        #expect(read(second).allSatisfy { $0 == 7 })
    }

    @Test("What is small is never put there, and a part of a body is that part of its file")
    func parts() throws {
        let loop = EmbeddedEventLoop()
        let popular = PopularBodies()
        for _ in 0..<10 {
            let body = popular.body(ByteBuffer(repeating: 1, count: 1000), path: "/a", tag: "a", on: loop)
            guard case .bytes = body else { throw Unexpected() }
        }
        var body = WebResponse.Body.none
        for _ in 0..<PopularBodies.popular { body = popular.body(Self.bytes, path: "/b", tag: "b", on: loop) }
        guard case .kept(let bytes, _, from: 190_000) = body.part(190_000..<190_010) else { throw Unexpected() }
        #expect(Array(bytes.readableBytesView) == Array(Self.bytes.readableBytesView[190_000..<190_010]))
        #expect(body.count == 200_000)
    }

    @Test("Sixty-four viewers get a segment whole, in parts and slowly, and those who hang up in the midst harm nobody")
    func viewers() async throws {
        try await ServedWeb.run { web in
            let whole = Array(ServedWeb.segment.readableBytesView)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for number in 0..<64 {
                    tasks.addTask {
                        switch number % 4 {
                        case 0: #expect(try await web.get("/gate/1.ts").body == whole)
                        case 1:
                            let answer = try await web.get("/gate/1.ts", ["Range: bytes=99000-99009"])
                            #expect(answer.status == 206 && answer.body == Array(whole[99_000..<99_010]))
                        case 2:
                            let client = try await web.client(isReading: false)
                            let request = ServedWeb.request("/gate/1.ts", [])
                            try await client.send(request + request)
                            client.read()
                            #expect(try await client.answers(2).map(\.body) == [whole, whole])
                            await client.close()
                        default:
                            let client = try await web.client(isReading: false)
                            try await client.send(ServedWeb.request("/gate/1.ts", []))
                            await client.close()
                        }
                    }
                }
                try await tasks.waitForAll()
            }
            #expect(try await web.get("/gate/1.ts").body == whole)
        }
    }

    private struct Unexpected: Error {}
}
