import NIOCore
import TestSupport
import Testing

@testable import Egress

/// Movies that take long to parse.
@Suite struct MovieOpeningTests {
    @Test(
        "Many who ask for a slow movie wait together; who plays another does not wait for them; they are all answered")
    func slowMovie() async throws {
        try await MovieFolder.run { movies in
            try movies.write("slow.mov", "slow")
            let other = try await movies.viewer()
            let session = try await other.setUpBoth(movies.url("a.mov"))
            var patient: [FakeViewer] = []
            for _ in 0..<6 { patient.append(try await movies.viewer()) }
            let statuses = try await withThrowingTaskGroup(of: Int.self) { tasks in
                for viewer in patient {
                    tasks.addTask { try await viewer.request("DESCRIBE", movies.url("slow.mov")).status }
                }
                try await eventually("it is being parsed") { movies.opened.value == 2 }
                #expect(try await other.play(movies.url("a.mov"), session, [("Speed", "4")]).status == 200)
                // What is read while it plays.
                _ = try await other.frames.next { $0.channel == 2 && $0.payload.count > 15 && $0.payload[15] > 200 }
                let late = try await movies.viewer()
                #expect(try await late.request("DESCRIBE", movies.url("a.mov")).status == 200)
                #expect(movies.opened.value == 2)
                movies.isHurried.change { $0 = true }
                return try await tasks.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses == [200, 200, 200, 200, 200, 200])
            for viewer in patient { await viewer.close() }
            let again = try await movies.viewer()
            #expect(try await again.request("DESCRIBE", movies.url("slow.mov")).status == 200)
            #expect(movies.opened.value == 2, "it is kept for who asks again soon")
        }
    }

    @Test("However many movies are slow, a thread is left for one that is not; those beyond are told to come again")
    func manySlowMovies() async throws {
        try await MovieFolder.run(slowParsings: 2) { movies in
            var viewers: [FakeViewer] = []
            let names = (1...4).map { "slow\($0).mov" }
            for name in names {
                try movies.write(name, "slow")
                viewers.append(try await movies.viewer())
            }
            let answers = Locked<[Int]>([])
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for (viewer, name) in zip(viewers, names) {
                    tasks.addTask {
                        let status = try await viewer.request("DESCRIBE", movies.url(name)).status
                        answers.change { $0.append(status) }
                    }
                }
                try await eventually("two have made room") { answers.value == [503, 503] }
                let quick = try await movies.viewer()
                #expect(try await quick.request("DESCRIBE", movies.url("a.mov")).status == 200)
                #expect(answers.value.count == 2)
                movies.isHurried.change { $0 = true }
                try await tasks.waitForAll()
            }
            #expect(answers.value == [503, 503, 200, 200])
        }
    }

    @Test("When the server stops, who waits for a movie is answered at once, and the parsing gives up")
    func closing() async throws {
        try await MovieFolder.run { movies in
            try movies.write("slow.mov", "slow")
            let viewer = try await movies.viewer()
            async let answer = viewer.request("DESCRIBE", movies.url("slow.mov"))
            try await eventually("it is being parsed") { movies.opened.value == 1 }
            movies.catalog.close()
            #expect(try await answer.status == 503)
            try await eventually("it is given up") { movies.givenUp.value == 1 }
            #expect(try await viewer.request("DESCRIBE", movies.url("a.mov")).status == 503)
        }
    }

    @Test("A movie that nobody waits for any more is not parsed to its end, and who asks for it then is answered")
    func impatientAskers() async throws {
        try await MovieFolder.run { movies in
            try movies.write("slow.mov", "slow")
            for round in 1...2 {
                let viewer = try await movies.viewer()
                try await viewer.send("DESCRIBE \(movies.url("slow.mov")) RTSP/1.0\r\nCSeq: 1\r\n\r\n")
                try await eventually("it is being parsed") { movies.opened.value == round }
                #expect(movies.givenUp.value == round - 1)
                await viewer.close()
                try await eventually("it is given up") { movies.givenUp.value == round }
            }
            movies.isHurried.change { $0 = true }
            let patient = try await movies.viewer()
            #expect(try await patient.request("DESCRIBE", movies.url("slow.mov")).status == 200)
        }
    }
}
