import Foundation
import Ingest
import NIOCore
import Server
import TestSupport
import Testing

extension CameraConfiguration {
    /// A test camera that costs next to nothing; the first three are of the group north, the others of south.
    static func smallCamera(_ index: Int) -> CameraConfiguration {
        smallCamera("cam\(index)", title: "Camera \(index)", groups: [index < 3 ? "north" : "south"])
    }

    static func smallCamera(_ name: String, title: String?, groups: [String] = []) -> CameraConfiguration {
        let camera = TestCameraConfiguration(
            width: 320, height: 180, frameRate: 10, keyFrameInterval: .seconds(1), bitRate: 200_000)
        return CameraConfiguration(
            name: name, title: title, groups: groups,
            streams: [StreamConfiguration(path: name, source: .testCamera(camera))])
    }
}

extension RunningRelay {
    /// Those who watch, of all cameras together, as the page is told.
    func watching() async throws -> Int {
        let answer = try await WebFetcher().get(webURL("api/v1/cameras"))
        let whole = try JSONSerialization.jsonObject(with: Data(answer.text.utf8)) as? [String: Any]
        let cameras = whole?["cameras"] as? [[String: Any]] ?? []
        return cameras.reduce(0) { $0 + ($1["viewers"] as? Int ?? 0) }
    }
}

extension Browser {
    /// All of them have pictures that change, and time that goes on.
    func expectPlaying(_ count: Int) async throws {
        var films: [Film] = []
        do {
            try await eventually("\(count) films play", within: .seconds(45)) {
                films = try await self.films()
                return films.filter { $0.width > 0 && $0.time > 0 }.count == count
            }
        } catch let error as TookTooLong {
            throw OutsideTool.Failure(description: "\(error): \(films)")
        }
        let before = try await self.films()
        try await eventually("all of them go on") {
            let now = try await self.films()
            return zip(before, now).filter { $0.0.width > 0 }.allSatisfy {
                $1.time > $0.time && $1.picture != $0.picture
            }
        }
    }

    /// A tile of the wall as somebody sees it who looks at it.
    struct SeenTile: Sendable, Hashable {
        var state: String
        /// What stands in front of the picture.
        var says: String
        /// How old the picture is said to be.
        var age: String
        /// Grey and dark.
        var isStale: Bool
        /// There is a still that could be seen.
        var hasStill: Bool
    }

    /// Of the wall, in its order.
    func tiles() async throws -> [SeenTile] {
        let script = """
            return [...document.querySelectorAll(".tile")].map((tile) => {
                const picture = tile.querySelector(".picture");
                const shown = picture.querySelector(".film") ?? picture.querySelector(".still");
                return [tile.dataset.state, ...["says", "age"].map((name) => tile.querySelector(`.${name}`).textContent),
                    shown ? getComputedStyle(shown).filter.includes("grayscale") : false,
                    picture.querySelector(".still") !== null];
            });
            """
        return (try await run(script) as? [[Any]] ?? []).map { row in
            SeenTile(
                state: row[0] as? String ?? "", says: row[1] as? String ?? "", age: row[2] as? String ?? "",
                isStale: row[3] as? Bool ?? false, hasStill: row[4] as? Bool ?? false)
        }
    }

    /// Tiles become what is expected; where they do not, what they are instead is told.
    func expectTiles(
        _ claim: String, within bound: TimeAmount = .seconds(30), _ expected: ([SeenTile]) -> Bool
    ) async throws {
        var seen: [SeenTile] = []
        do {
            try await eventually(claim, within: bound) {
                seen = try await self.tiles()
                return expected(seen)
            }
        } catch let error as TookTooLong {
            throw OutsideTool.Failure(description: "\(error): \(seen)")
        }
    }
}
