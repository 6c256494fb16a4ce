import LibAV
import Testing

@Suite("Picture")
struct PictureTests {
    @Test(
        "sides that 4:2:0 cannot halve, or beyond 16 to 8192, are refused",
        arguments: [
            (641, 360), (640, 361), (0, 0), (-2, 16), (16, 8194), (14, 16), (.max, .max),
        ])
    func refusesSizes(width: Int, height: Int) {
        #expect(throws: LibAVError.self) { _ = try Picture(width: width, height: height) }
    }

    @Test("each plane keeps what is written to it")
    func keepsPlanes() throws {
        var picture = try Picture(width: 34, height: 18)
        for plane in Picture.Plane.allCases {
            let size = picture.size(of: plane)
            try picture.withMutablePlane(plane) { bytes, stride in
                for row in 0..<size.height {
                    for column in 0..<size.width {
                        bytes[row * stride + column] = UInt8(
                            truncatingIfNeeded: row &* 7 &+ column &+ plane.rawValue &* 90)
                    }
                }
            }
        }
        for plane in Picture.Plane.allCases {
            let size = picture.size(of: plane)
            let isKept = picture.withPlane(plane) { bytes, stride in
                (0..<size.height).allSatisfy { row in
                    (0..<size.width).allSatisfy { column in
                        bytes[row * stride + column]
                            == UInt8(truncatingIfNeeded: row &* 7 &+ column &+ plane.rawValue &* 90)
                    }
                }
            }
            #expect(isKept, "\(plane)")
        }
    }

    @Test("colour planes have half the width and half the height")
    func halvesColour() throws {
        let picture = try Picture(width: 34, height: 18)
        #expect(picture.size(of: .luma) == (34, 18))
        #expect(picture.size(of: .blue) == (17, 9))
        #expect(picture.size(of: .red) == (17, 9))
    }
}
