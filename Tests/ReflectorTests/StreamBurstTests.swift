import Media
import NIOCore
import NIOEmbedded
import RTP
import Testing

@testable import Reflector

@Suite struct StreamBurstTests {
    @Test("Parameter sets travel in the burst of the key frame they lead, under its timestamp")
    func parameterSets() throws {
        let camera = try PublishedStream()
        try camera.publish()
        let viewer = RecordingSubscriber()
        camera.stream.subscribe(viewer, on: camera.loop)
        camera.sendVideo(NALUnit.slice, timestamp: 0)
        camera.sendVideo(NALUnit.sequenceParameterSet, timestamp: 3600, marker: true, size: 12)
        camera.sendVideo(NALUnit.pictureParameterSet, timestamp: 3600, marker: true, size: 6)
        camera.sendVideo(NALUnit.idr, timestamp: 3600)

        let group = try #require(viewer.bursts.last)
        #expect(group.startsGroup)
        let packets = group.entries.filter { !$0.isControl }.compactMap { try? RTPPacket(validating: group.packet($0)) }
        #expect(packets.count == 3)
        #expect(Set(packets.map(\.timestamp)).count == 1)
        #expect(packets.map(\.marker) == [false, false, true])
        let timestamps = viewer.packets(of: 0).map(\.timestamp)
        #expect(try #require(timestamps.last) &- timestamps[0] == 3600)
    }

    @Test("A second slice of the same key frame opens no second group")
    func slicesOfOnePicture() throws {
        let camera = try PublishedStream()
        try camera.publish()
        let viewer = RecordingSubscriber()
        camera.stream.subscribe(viewer, on: camera.loop)
        camera.sendVideo(NALUnit.idr, timestamp: 3600, marker: false)
        camera.sendVideo(NALUnit.idr, timestamp: 3600, marker: true)
        #expect(viewer.bursts.map(\.startsGroup) == [true])
        #expect(viewer.packets(of: 0).count == 2)
    }

    @Test("A picture that is read in pieces goes out in one burst, and at the latest after a fifth of a millisecond")
    func pictureInPieces() throws {
        let camera = try PublishedStream()
        try camera.publish()
        let viewer = RecordingSubscriber()
        camera.stream.subscribe(viewer, on: camera.loop)
        camera.loop.advanceTime(to: camera.now)
        camera.sendVideo(NALUnit.idr, timestamp: 0, marker: false, after: .zero)
        #expect(viewer.bursts.isEmpty)
        camera.sendVideo(NALUnit.idr, timestamp: 0, marker: false, after: .microseconds(20))
        camera.sendVideo(NALUnit.idr, timestamp: 0, after: .microseconds(20))
        #expect(viewer.bursts.count == 1)
        #expect(viewer.packets(of: 0).count == 3)

        camera.sendVideo(NALUnit.slice, timestamp: 3600, marker: false)
        camera.loop.advanceTime(to: camera.now + .microseconds(199))
        #expect(viewer.bursts.count == 1)
        camera.loop.advanceTime(to: camera.now + .microseconds(200))
        #expect(viewer.bursts.count == 2)
        #expect(viewer.packets(of: 0).count == 4)
        camera.sendVideo(NALUnit.slice, timestamp: 3600)
        #expect(viewer.packets(of: 0).count == 5)
    }

    @Test("What waits for the rest of a picture goes out when the source ends")
    func sourceEndsMidPicture() throws {
        let camera = try PublishedStream()
        try camera.publish()
        let viewer = RecordingSubscriber()
        camera.stream.subscribe(viewer, on: camera.loop)
        camera.sendVideo(NALUnit.idr, timestamp: 0, marker: false)
        #expect(viewer.bursts.isEmpty)
        camera.endPublication()
        #expect(viewer.packets(of: 0).count == 1)
    }

    @Test("Behind a source that ended within a picture the sound of the next one waits for no picture")
    func soundBehindHalfAPicture() throws {
        let camera = try PublishedStream()
        try camera.publish()
        camera.sendVideo(NALUnit.idr, timestamp: 0, marker: false)
        camera.endPublication()
        try camera.publish([PublishedStream.audio, PublishedStream.audio])
        let viewer = RecordingSubscriber()
        camera.stream.subscribe(viewer, on: camera.loop)
        camera.sendAudio(timestamp: 0)
        #expect(viewer.packets(of: 1).count == 1)
        #expect(viewer.bursts.allSatisfy { !$0.leavesPictureOpen })
    }
}
