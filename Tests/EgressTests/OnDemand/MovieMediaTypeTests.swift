import NIOCore
import Testing

@testable import Egress

@Suite("What a movie is called")
struct MovieMediaTypeTests {
    private static func box(_ type: String, _ brand: String = "isom", size: UInt32 = 24) -> ByteBuffer {
        var buffer = ByteBuffer(integer: size)
        buffer.writeString(type + brand)
        return buffer
    }

    @Test("goes by the end of its name, else by its brand")
    func names() {
        let box = Self.box("ftyp")
        #expect(MovieMediaType(name: "a.mov", beginning: box) == .quickTime)
        #expect(MovieMediaType(name: "b/a.MP4", beginning: box) == .mp4)
        #expect(MovieMediaType(name: "a.3gp", beginning: box) == .threeGP)
        #expect(MovieMediaType(name: "a.m4a", beginning: box) == .sound)
        #expect(MovieMediaType(name: "a", beginning: box) == .mp4)
        #expect(MovieMediaType(name: "a", beginning: Self.box("ftyp", "qt  ")) == .quickTime)
        #expect(MovieMediaType(name: "a.bin", beginning: Self.box("ftyp", "3gp6")) == .threeGP)
        #expect(MovieMediaType(name: "a", beginning: Self.box("ftyp", "M4A ")) == .sound)
        #expect(MovieMediaType(name: "a", beginning: Self.box("moov", "\0\0\0\0")) == .quickTime)
        #expect(MovieMediaType(name: "a", beginning: Self.box("mdat", size: 1)) == .quickTime)
    }

    @Test("What does not begin as a movie is none, whatever it is called")
    func others() {
        let texts = ["", "a", "root:x:0:0:", "#EXTM3U\nfoo", "\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}"]
        for text in texts { #expect(MovieMediaType(name: "a.mp4", beginning: ByteBuffer(string: text)) == nil) }
        #expect(MovieMediaType(name: "a.mp4", beginning: Self.box("ftyp", size: 7)) == nil)
        #expect(MovieMediaType(name: "a.mp4", beginning: Self.box("RIFF")) == nil)
    }

    @Test("Whatever the first bytes are: a movie has the name of a box among them")
    func mutations() {
        let whole = Array(Self.box("ftyp").readableBytesView)
        for place in whole.indices {
            for byte in UInt8.min...UInt8.max where place != 4 || byte != UInt8(ascii: "s") {
                var bytes = whole
                bytes[place] = byte
                let isMovie = MovieMediaType(name: "x", beginning: ByteBuffer(bytes: bytes)) != nil
                let isSized = bytes[0..<3] != [0, 0, 0] || bytes[3] >= 8 || bytes[3] <= 1
                #expect(isMovie == (bytes[4..<8].elementsEqual("ftyp".utf8) && isSized))
            }
            #expect(MovieMediaType(name: "x", beginning: ByteBuffer(bytes: whole[..<place])) == nil || place >= 8)
        }
    }
}
