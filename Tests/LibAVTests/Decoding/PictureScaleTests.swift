import Media
import Testing

@testable import LibAV

@Suite("PictureScale")
struct PictureScaleTests {
    @Test(
        "A picture is as wide as asked, in proportion, and never larger than it is",
        arguments: [
            ((1920, 1080), (1, 1), nil, (1920, 1080)), ((1920, 1080), (1, 1), 640, (640, 360)),
            ((1920, 1080), (0, 1), 4000, (1920, 1080)), ((704, 576), (12, 11), nil, (768, 576)),
            ((352, 576), (24, 11), 384, (384, 288)), ((640, 480), (1, 1), 16, (16, 16)),
            ((8192, 16), (5, 1), nil, (8192, 16)), ((640, 480), (1000, 1), nil, (640, 480)),
            ((101, 77), (1, 1), nil, (101, 77)), ((1, 1), (1, 1), .max, (16, 16)),
        ] as [((Int, Int), (Int, Int), Int?, (Int, Int))])
    func sizes(coded: (Int, Int), aspect: (Int, Int), width: Int?, wanted: (Int, Int)) {
        let size = PictureScale.size(
            of: PictureDimensions(width: coded.0, height: coded.1), aspect: (aspect.0, aspect.1), width: width)
        #expect(size == PictureDimensions(width: wanted.0, height: wanted.1))
    }
}
